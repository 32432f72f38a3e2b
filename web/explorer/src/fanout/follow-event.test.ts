import { expect, test } from 'vitest';
import { delayMsBefore, type EventPlace, notYet, type Sink, withLook } from './follow-event.ts';

const sink = (name: string, status: Sink['status']): Sink => ({ name, status, lagMs: null });
const place = (...sinks: Sink[]): EventPlace => ({
  ...{ type: 'watch.recorded', topic: 'watch_events', partition: 1, offset: '7', publishedAt: null, sinks },
});

test('a sink keeps the time at which it was first seen to have applied the event', () => {
  const first = withLook(notYet, place(sink('redis', 'APPLIED'), sink('neo4j', 'PENDING')), 120);
  expect(first).toMatchObject({ arrivalsMs: { redis: 120 }, isSettled: false });
  const second = withLook(first, place(sink('redis', 'APPLIED'), sink('neo4j', 'APPLIED')), 340);
  expect(second).toMatchObject({ arrivalsMs: { redis: 120, neo4j: 340 }, isSettled: true });
});

test('a dead letter and a sink that is not concerned are waited for no longer', () => {
  const look = withLook(notYet, place(sink('redis', 'DEAD'), sink('qdrant', 'NOT_CONSUMED')), 50);
  expect(look).toMatchObject({ arrivalsMs: {}, isSettled: true });
});

test('with Kafka out of reach nothing is settled', () => {
  expect(withLook(notYet, { ...place(), sinks: null }, 50).isSettled).toBe(false);
});

test('it looks every 100 ms for two seconds, then ever more slowly, at most every two seconds', () => {
  expect(delayMsBefore(1)).toBe(100);
  expect(delayMsBefore(19)).toBe(100);
  expect(delayMsBefore(21)).toBeGreaterThan(delayMsBefore(20));
  expect(delayMsBefore(1_000)).toBe(2_000);
});

import { expect, test } from 'vitest';
import * as z from 'zod';
import { type EventType, envelope, eventTypes } from '../schema/events/index.ts';
import { checkEvents, checkEventsFile, currentEvents, parseEvents, type Shape } from './events.ts';

const type = 'post.changed';
const before = currentEvents();

/** What is said of another state of the event types. */
const saidOf = (now: typeof before): string[] =>
  checkEvents([{ label: 'then', shapes: before }], now).map(({ level, message }) => `${level}: ${message}`);

/** What is said of a change of one event type's data. */
function changed(change: (shape: Shape) => void): string[] {
  const now = structuredClone(before);
  change(now.types[type]?.data ?? {});
  return saidOf(now);
}

/** What is said of a change of the envelope. */
function wrapped(change: (shape: Shape) => void): string[] {
  const now = structuredClone(before);
  change(now.envelope);
  return saidOf(now);
}

test('a field that goes, is required now, may be absent now, or has other rules would break a sink', () => {
  expect(changed(({ properties }) => delete properties?.title)).toEqual([
    `error: ${type}.title is gone, unlike in then.`,
  ]);
  expect(changed(({ required }) => required?.push('mood'))).toEqual([
    `error: ${type}.mood is required, unlike in then.`,
  ]);
  expect(changed(({ required }) => required?.shift())).toEqual([
    `error: ${type}.postId may be absent, unlike in then.`,
  ]);
  expect(changed(({ properties }) => Object.assign(properties?.title ?? {}, { type: 'integer' }))).toEqual([
    `error: ${type}.title has other rules, unlike in then.`,
  ]);
});

test('what a list holds is looked into', () => {
  const item = ({ properties }: Shape) => properties?.attachments?.items?.properties ?? {};
  expect(changed((shape) => delete item(shape).url)).toEqual([
    `error: ${type}.attachments[].url is gone, unlike in then.`,
  ]);
  expect(changed((shape) => Object.assign(item(shape), { mood: { type: 'string' } }))).toEqual([]);
});

test('a new optional field is a gain, and a new type is', () => {
  expect(changed(({ properties }) => Object.assign(properties ?? {}, { mood: { type: 'string' } }))).toEqual([]);
  const fewer = { ...before, types: {} };
  expect(checkEvents([{ label: 'then', shapes: fewer }], before)).toEqual([]);
  expect(checkEvents([{ label: 'then', shapes: null }], before)).toEqual([]);
});

test('a type stays on its topic: sinks of another one would not find what was there before', () => {
  const moved = { topic: 'other_events', data: before.types[type]?.data ?? {} };
  expect(saidOf({ ...before, types: { ...before.types, [type]: moved } })).toEqual([
    `error: ${type} goes to other_events, not to post_events, unlike in then.`,
  ]);
});

test('the attributes around the data are held as the data is', () => {
  expect(Object.keys(envelope.shape).toSorted()).toEqual(
    [...Object.keys(before.envelope.properties ?? {}), 'type', 'data'].toSorted(),
  );
  expect(wrapped(({ properties }) => delete properties?.actor)).toEqual([
    'error: envelope.actor is gone, unlike in then.',
  ]);
  expect(wrapped(({ required }) => required?.push('traceparent'))).toEqual([
    'error: envelope.traceparent is required, unlike in then.',
  ]);
  expect(wrapped(({ properties }) => properties?.source?.enum?.shift())).toEqual([
    'error: envelope.source may not be /streamshop/postgres, unlike in then.',
  ]);
  expect(wrapped(({ properties }) => properties?.source?.enum?.push('/streamshop/redis'))).toEqual([]);
  expect(wrapped(({ properties }) => delete properties?.source?.enum)).toEqual([
    'error: envelope.source has other rules, unlike in then.',
  ]);
});

/** What is said when one type's data has another schema in the code. */
function declared(type: EventType, data: z.ZodObject): string[] {
  const kept = eventTypes[type];
  try {
    Object.assign(eventTypes, { [type]: { ...kept, data } });
    return saidOf(currentEvents());
  } finally {
    Object.assign(eventTypes, { [type]: kept });
  }
}

test('a strict object would refuse what a newer writer adds; a field with a default may be left out', () => {
  const { data } = eventTypes['post.viewed'];
  expect(declared('post.viewed', data.strict())).toEqual(['error: post.viewed has other rules, unlike in then.']);
  expect(declared('post.viewed', data.extend({ device: z.string().default('WEB') }))).toEqual([]);
  expect(declared('post.viewed', data.extend({ device: z.string() }))).toEqual([
    'error: post.viewed.device is required, unlike in then.',
  ]);
});

test('a type that goes is told once, with every time at which it was there', () => {
  const gone = { ...before, types: { 'movie.seen': { topic: 'movie_events', data: {} } } };
  const earlier = ['then', 'before then'].map((label) => ({ label, shapes: gone }));
  expect(checkEvents(earlier, before)).toMatchObject([
    { level: 'error', message: 'movie.seen is gone, unlike in then, and in before then.' },
  ]);
});

test('a gain that the file does not have yet is told', () => {
  expect(checkEventsFile(before, before)).toEqual([]);
  expect(parseEvents('{"post.viewed":{"type":"object"}}')).toBeNull();
  expect(checkEventsFile(null, before)).toMatchObject([
    { level: 'error', message: 'schema/events/events.json does not have all of the event types yet.' },
  ]);
});

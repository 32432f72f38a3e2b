import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { type EventType, eventTypes } from './index.ts';

/**
 * The event types as they were when they were last extended. Sinks meet events of every age, so a type may only gain
 * optional fields: `UPDATE_EVENTS=1 npm test -- schema/events` takes such a gain into the file, and nothing else.
 */
const file = join(import.meta.dirname, 'events.json');

interface Shape {
  type?: string;
  properties?: Record<string, Shape>;
  required?: string[];
  [rule: string]: unknown;
}

const now: Record<string, Shape> = Object.fromEntries(
  Object.entries(eventTypes).map(([type, { data }]) => [type, z.toJSONSchema(data) as Shape]),
);

/** What an event that was valid before may now break. */
function breaks(before: Shape, after: Shape | undefined, path: string): string[] {
  if (!after) return [`${path} is gone`];
  const { properties = {}, required = [], ...rules } = before;
  const { properties: newProperties = {}, required: newRequired = [], ...newRules } = after;
  return [
    ...(JSON.stringify(rules) === JSON.stringify(newRules) ? [] : [`${path} has other rules`]),
    ...newRequired.filter((name) => !required.includes(name)).map((name) => `${path}.${name} is required now`),
    ...required.filter((name) => !newRequired.includes(name)).map((name) => `${path}.${name} may be absent now`),
    ...Object.entries(properties).flatMap(([name, shape]) => breaks(shape, newProperties[name], `${path}.${name}`)),
  ];
}

test('event types only ever gain optional fields', () => {
  const committed: Record<string, Shape> = JSON.parse(readFileSync(file, 'utf8'));
  const broken = Object.entries(committed).flatMap(([type, shape]) => breaks(shape, now[type], type));
  expect(broken).toEqual([]);
  if (process.env.UPDATE_EVENTS) writeFileSync(file, `${JSON.stringify(now, null, 2)}\n`);
  expect(now).toEqual(JSON.parse(readFileSync(file, 'utf8')));
});

test('the comparison sees what would break a sink', () => {
  const type: EventType = 'watch.recorded';
  const changed = (change: (shape: Shape) => void) => {
    const copy = structuredClone(now[type] as Shape);
    change(copy);
    return breaks(now[type] as Shape, copy, type);
  };
  expect(changed((shape) => delete shape.properties?.movieId)).toEqual([`${type}.movieId is gone`]);
  expect(changed((shape) => shape.required?.push('mood'))).toEqual([`${type}.mood is required now`]);
  expect(changed((shape) => Object.assign(shape.properties?.movieId ?? {}, { type: 'integer' }))).toEqual([
    `${type}.movieId has other rules`,
  ]);
  expect(changed((shape) => Object.assign(shape.properties ?? {}, { mood: { type: 'string' } }))).toEqual([]);
});

import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { eventTypes } from '../schema/events/index.ts';
import type { Finding } from './finding.ts';
import { eventsPath } from './paths.ts';

/** A JSON Schema, as far as it is compared. */
export interface Shape {
  properties?: Record<string, Shape>;
  items?: Shape;
  required?: string[];
  [rule: string]: unknown;
}

/** The data of every event type. */
export type Shapes = Readonly<Record<string, Shape>>;

/** The event types as the code has them now. */
export const currentEvents = (): Shapes =>
  Object.fromEntries(Object.entries(eventTypes).map(([type, { data }]) => [type, z.toJSONSchema(data) as Shape]));

/** The event types at one time. */
export interface Earlier {
  /** When, for people. */
  label: string;
  shapes: Shapes;
}

/** Sinks meet events of every age, so a type may only gain optional fields. */
export function checkEvents(earlier: readonly Earlier[], now: Shapes): Finding[] {
  const hint = 'Sinks still meet events from before: give it back, and add an optional field beside it.';
  const broken = earlier.flatMap(({ label, shapes }) =>
    Object.entries(shapes).flatMap(([type, shape]) =>
      breaks(shape, now[type], type).map((message) => ({ message, label })),
    ),
  );
  return [...Map.groupBy(broken, ({ message }) => message)].map(([message, times]) => ({
    ...{ level: 'error', hint, file: eventsPath },
    message: `${message}, unlike in ${times.map(({ label }) => label).join(', and in ')}.`,
  }));
}

/** What has been gained stands in the file as well, so that it is held from now on. */
export function checkEventsFile(committed: Shapes, now: Shapes): Finding[] {
  const hint = 'Run `npm run contract -- update` and commit it.';
  const message = `${eventsPath} does not have all of the event types yet.`;
  return isDeepStrictEqual(committed, now) ? [] : [{ level: 'error', message, hint, file: eventsPath }];
}

/** What an event that was valid before may now break. */
function breaks(before: Shape, after: Shape | undefined, path: string): string[] {
  if (!after) return [`${path} is gone`];
  const { properties = {}, required = [], items, ...rules } = before;
  const { properties: newProperties = {}, required: newRequired = [], items: newItems, ...newRules } = after;
  return [
    ...(isDeepStrictEqual(rules, newRules) ? [] : [`${path} has other rules`]),
    ...newRequired.filter((name) => !required.includes(name)).map((name) => `${path}.${name} is required`),
    ...required.filter((name) => !newRequired.includes(name)).map((name) => `${path}.${name} may be absent`),
    ...Object.entries(properties).flatMap(([name, shape]) => breaks(shape, newProperties[name], `${path}.${name}`)),
    ...(items ? breaks(items, newItems, `${path}[]`) : []),
  ];
}

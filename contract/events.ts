import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { envelope, eventTypes } from '../schema/events/index.ts';
import type { Finding } from './finding.ts';
import { eventsPath } from './paths.ts';

/** A JSON Schema, as far as it is compared. */
export interface Shape {
  properties?: Record<string, Shape>;
  items?: Shape;
  required?: string[];
  enum?: unknown[];
  [rule: string]: unknown;
}

/** The event types, as they are compared and as they lie in `schema/events/events.json`. */
export interface EventShapes {
  /** The attributes of each event around its data, `type` aside: there is one more value of that for each type. */
  envelope: Shape;
  /** By type: the topic that carries it, and its data. */
  types: Readonly<Record<string, { topic: string; data: Shape }>>;
}

/** As whoever writes an event must keep to it: what has a default may be left out, and only a strict object refuses more. */
const shapeOf = (schema: z.ZodType) => z.toJSONSchema(schema, { io: 'input' }) as Shape;

/** The event types as the code has them now. */
export const currentEvents = (): EventShapes => ({
  envelope: shapeOf(envelope.omit({ type: true, data: true })),
  types: Object.fromEntries(
    Object.entries(eventTypes).map(([type, { topic, data }]) => [type, { topic, data: shapeOf(data) }]),
  ),
});

const shape = z.looseObject({});
const eventsFile = z.object({
  envelope: shape,
  types: z.record(z.string(), z.object({ topic: z.string(), data: shape })),
});

/** The event types of a file; null where it has another form, such as that of a revision which held their data only. */
export function parseEvents(json: string): EventShapes | null {
  try {
    return eventsFile.parse(JSON.parse(json)) as EventShapes;
  } catch {
    return null;
  }
}

/** The event types at one time. */
export interface Earlier {
  /** When, for people. */
  label: string;
  /** Null where they are not known. */
  shapes: EventShapes | null;
}

/** Sinks meet events of every age, so a type may only gain optional fields, and stays on its topic. */
export function checkEvents(earlier: readonly Earlier[], now: EventShapes): Finding[] {
  const hint = 'Sinks still meet events from before: give it back, and add an optional field beside it.';
  const broken = earlier.flatMap(({ label, shapes }) =>
    shapes ? breaksOf(shapes, now).map((message) => ({ message, label })) : [],
  );
  return [...Map.groupBy(broken, ({ message }) => message)].map(([message, times]) => ({
    ...{ level: 'error', hint, file: eventsPath },
    message: `${message}, unlike in ${times.map(({ label }) => label).join(', and in ')}.`,
  }));
}

/** What has been gained stands in the file as well, so that it is held from now on. */
export function checkEventsFile(committed: EventShapes | null, now: EventShapes): Finding[] {
  const hint = 'Run `npm run contract -- update` and commit it.';
  const message = `${eventsPath} does not have all of the event types yet.`;
  return isDeepStrictEqual(committed, now) ? [] : [{ level: 'error', message, hint, file: eventsPath }];
}

const breaksOf = (before: EventShapes, now: EventShapes): string[] => [
  ...breaks(before.envelope, now.envelope, 'envelope'),
  ...Object.entries(before.types).flatMap(([type, { topic, data }]) => {
    const after = now.types[type];
    const isMoved = after && after.topic !== topic;
    return [
      ...breaks(data, after?.data, type),
      ...(isMoved ? [`${type} goes to ${after.topic}, not to ${topic}`] : []),
    ];
  }),
];

/** What an event that was valid before may now break. An enum may gain values. */
function breaks(before: Shape, after: Shape | undefined, path: string): string[] {
  if (!after) return [`${path} is gone`];
  const { properties = {}, required = [], items, enum: values, ...rules } = before;
  const { properties: newProperties = {}, required: newRequired = [], items: newItems, ...newer } = after;
  const { enum: newValues, ...newRules } = newer;
  return [
    ...(isDeepStrictEqual(rules, newRules) && Boolean(values) === Boolean(newValues)
      ? []
      : [`${path} has other rules`]),
    ...(values && newValues ? values.filter((value) => !newValues.includes(value)) : []).map(
      (value) => `${path} may not be ${value}`,
    ),
    ...newRequired.filter((name) => !required.includes(name)).map((name) => `${path}.${name} is required`),
    ...required.filter((name) => !newRequired.includes(name)).map((name) => `${path}.${name} may be absent`),
    ...Object.entries(properties).flatMap(([name, shape]) => breaks(shape, newProperties[name], `${path}.${name}`)),
    ...(items ? breaks(items, newItems, `${path}[]`) : []),
  ];
}

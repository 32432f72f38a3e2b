import { expect, test } from 'vitest';
import { checkEvents, checkEventsFile, currentEvents, type Shape } from './events.ts';

const type = 'post.changed';
const before = currentEvents();

/** What is said of a change of one event type. */
function changed(change: (shape: Shape) => void): string[] {
  const shape = structuredClone(before[type] as Shape);
  change(shape);
  const earlier = [{ label: 'then', shapes: before }];
  return checkEvents(earlier, { ...before, [type]: shape }).map(({ level, message }) => `${level}: ${message}`);
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
  expect(checkEvents([{ label: 'then', shapes: {} }], before)).toEqual([]);
});

test('a type that goes is told once, with every time at which it was there', () => {
  const earlier = ['then', 'before then'].map((label) => ({ label, shapes: { 'movie.seen': {} } }));
  expect(checkEvents(earlier, before)).toMatchObject([
    { level: 'error', message: 'movie.seen is gone, unlike in then, and in before then.' },
  ]);
});

test('a gain that the file does not have yet is told', () => {
  expect(checkEventsFile(before, before)).toEqual([]);
  expect(checkEventsFile({}, before)).toMatchObject([
    { level: 'error', message: 'schema/events/events.json does not have all of the event types yet.' },
  ]);
});

import { expect, test } from 'vitest';
import { fillPlaceholders, PlaceholderEmpty } from './placeholders.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test('{{uuid}} is another one at each run, at any depth', () => {
  const variables = { input: { keys: ['{{uuid}}', '{{uuid}}'], at: 1, none: null } };
  const { input } = fillPlaceholders(variables, null);
  expect(input.keys[0]).toMatch(uuid);
  expect(input.keys[1]).toMatch(uuid);
  expect(new Set(input.keys).size).toBe(2);
  expect({ ...input, keys: [] }).toEqual({ keys: [], at: 1, none: null });
});

test('{{eventId}} is the last event; without one the run says what to do', () => {
  expect(fillPlaceholders({ id: '{{eventId}}' }, 'e1')).toEqual({ id: 'e1' });
  expect(() => fillPlaceholders({ id: '{{eventId}}' }, null)).toThrow(PlaceholderEmpty);
  expect(() => fillPlaceholders({ id: '{{eventId}}' }, null)).toThrow(/Run one first/);
});

test('text that only contains one is left alone', () => {
  expect(fillPlaceholders({ body: 'say {{uuid}}' }, null)).toEqual({ body: 'say {{uuid}}' });
});

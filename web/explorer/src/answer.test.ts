import { expect, test } from 'vitest';
import { countUnauthenticated, eventIdsIn, takeXray } from './answer.ts';

const xray = { traceId: null, durationMs: 4, plan: null, calls: [] };

test('the X-ray leaves the answer, and nothing of it stays behind', () => {
  expect(takeXray({ data: { a: 1 }, extensions: { xray } })).toEqual({ xray, rest: { data: { a: 1 } } });
});

test('other extensions stay', () => {
  const { rest } = takeXray({ data: null, extensions: { xray, notYetApplied: ['redis'] } });
  expect(rest).toEqual({ data: null, extensions: { notYetApplied: ['redis'] } });
});

test('an answer without an X-ray is left as it is', () => {
  const answer = { data: {}, extensions: { notYetApplied: [] } };
  expect(takeXray(answer)).toEqual({ xray: null, rest: answer });
});

test('events are found at any depth, under aliases and in lists, each once', () => {
  const data = {
    one: { watch: { id: 'w1' }, event: { id: 'e1' } },
    many: [{ payload: { event: { id: 'e2' } } }, { event: { id: 'e1' } }, { event: null }],
    event: 'no event',
  };
  expect(eventIdsIn(data)).toEqual(['e1', 'e2']);
  expect(eventIdsIn(null)).toEqual([]);
});

test('fields that want to know who asks are counted by their code', () => {
  const errors = ['UNAUTHENTICATED', 'STORE_TIMEOUT', 'UNAUTHENTICATED'].map((code) => ({
    message: code,
    extensions: { code },
  }));
  expect(countUnauthenticated({ errors })).toBe(2);
  expect(countUnauthenticated({ errors: errors.map((error) => ({ ...error, path: ['login'] })) })).toBe(0);
  expect(countUnauthenticated({ data: {} })).toBe(0);
});

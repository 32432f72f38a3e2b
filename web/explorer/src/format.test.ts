import { expect, test } from 'vitest';
import { count, formatMs, formatTick, oneLine } from './format.ts';

test.each([
  [0.042, '0.04 ms'],
  [4.25, '4.3 ms'],
  [99.94, '99.9 ms'],
  [420.4, '420 ms'],
  [4_200, '4.20 s'],
])('%d ms reads %s', (ms, text) => expect(formatMs(ms)).toBe(text));

test.each([
  [0, '0'],
  [0.6000000000000001, '0.6 ms'],
  [50, '50 ms'],
  [2_500, '2.5 s'],
])('the axis says %d ms as %s', (ms, text) => expect(formatTick(ms)).toBe(text));

test('words agree with their number', () => {
  expect([count(1, 'call'), count(2, 'call'), count(0, 'entity', 'entities')]).toEqual([
    '1 call',
    '2 calls',
    '0 entities',
  ]);
});

test('a statement fits a line', () => expect(oneLine(' SELECT\n  1 ')).toBe('SELECT 1'));

import { expect, test } from 'vitest';
import { verdict } from './xray-section.ts';

const interval = (low: number, high: number) => ({ value: (low + high) / 2, low, high });
const calm = interval(0.99, 1.01);

test('the aim is reached or missed only where the whole interval says so', () => {
  expect(verdict({ cpu: interval(0.99, 1.019), again: calm })).toBe('reached');
  expect(verdict({ cpu: interval(1.021, 1.04), again: calm })).toBe('missed');
  expect(verdict({ cpu: interval(1, 1.03), again: calm })).toBe('the spread is too wide to tell');
});

test('where a gateway differs from itself by more than the aim, nothing is said', () => {
  for (const again of [interval(0.97, 1), interval(1, 1.03)]) {
    for (const cpu of [interval(0.9, 0.95), interval(1.1, 1.2)])
      expect(verdict({ cpu, again })).toBe('the spread is too wide to tell');
  }
});

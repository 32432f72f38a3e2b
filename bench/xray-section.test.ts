import { expect, test } from 'vitest';
import { verdict } from './xray-section.ts';

test('the aim is reached or missed only where the whole interval says so', () => {
  expect(verdict({ low: 0.99, high: 1.019 })).toBe('reached');
  expect(verdict({ low: 1.021, high: 1.04 })).toBe('missed');
  expect(verdict({ low: 1, high: 1.03 })).toBe('the spread is too wide to tell');
});

import { expect, test } from 'vitest';
import { estimate, geometricMean, median, percentile, shuffled } from './statistics.ts';

test('a percentile lies between the two values around it', () => {
  expect(percentile([4, 1, 3, 2], 50)).toBe(2.5);
  expect(percentile([10, 9, 100, 1], 0)).toBe(1);
  expect(percentile([10, 9, 100, 1], 100)).toBe(100);
  expect(percentile([0, 10], 99)).toBeCloseTo(9.9);
  expect(percentile([7], 99)).toBe(7);
  expect(percentile([], 50)).toBeNaN();
});

test('the geometric mean of a ratio and its reciprocal is one', () => {
  expect(geometricMean([2, 0.5])).toBeCloseTo(1);
  expect(geometricMean([1.1, 1.1])).toBeCloseTo(1.1);
});

test('a bootstrap interval holds the figure, is nothing for equal rounds and narrows with more of them', () => {
  const random = repeatable();
  expect(estimate([3, 3, 3], median, random)).toEqual({ value: 3, low: 3, high: 3 });

  const rounds = (count: number) => Array.from({ length: count }, () => 1 + random());
  const few = estimate(rounds(10), median, random);
  const many = estimate(rounds(1_000), median, random);
  for (const { value, low, high } of [few, many]) {
    expect(low).toBeLessThan(value);
    expect(value).toBeLessThan(high);
  }
  expect(many.low).toBeLessThan(1.5);
  expect(many.high).toBeGreaterThan(1.45);
  expect(many.high - many.low).toBeLessThan((few.high - few.low) / 3);
});

test('about nineteen of twenty intervals hold the true mean', () => {
  const random = repeatable();
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const holding = Array.from({ length: 100 }, () => {
    const { low, high } = estimate(
      Array.from({ length: 30 }, () => random()),
      mean,
      random,
    );
    return low < 0.5 && 0.5 < high;
  }).filter(Boolean);
  expect(holding.length).toBeGreaterThanOrEqual(85);
});

test('shuffling keeps every item and leaves the list as it was', () => {
  const items = ['a', 'b', 'c', 'd'];
  expect(shuffled(items).toSorted()).toEqual(items);
  expect(items).toEqual(['a', 'b', 'c', 'd']);
  const firsts = new Set(Array.from({ length: 200 }, () => shuffled(items)[0]));
  expect(firsts.size).toBe(4);
});

/** Numbers that look random and are the same at each run: mulberry32. */
function repeatable(): () => number {
  let state = 42;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

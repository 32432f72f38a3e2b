import { expect, test } from 'vitest';
import { createProgress, lineOf } from './progress.ts';

test('the line says how much is done, how fast, and what is left', () => {
  const line = lineOf({ share: 0.437, rows: 12_345, rowsPerSecond: 2_345.6, secondsLeft: 3_683, what: 'ratings.csv' });
  expect(line).toBe(' 43% [████████░░░░░░░░░░░░] 12,345 rows, 2,346 rows/s, 1:01:23 left, ratings.csv');
  const first = lineOf({ share: 0, rows: 0, rowsPerSecond: 0, secondsLeft: Number.POSITIVE_INFINITY, what: 'a' });
  expect(first).toBe('  0% [░░░░░░░░░░░░░░░░░░░░] 0 rows, 0 rows/s, time left unknown, a');
});

test('what an earlier import did counts as done but not as speed; what is waited for is shown at once', () => {
  const told: string[] = [];
  const progress = createProgress(1_000, (text) => told.push(text));
  progress.skip({ bytes: 500, rows: 70 });
  progress.waitsFor('neo4j');
  progress.waitsFor('neo4j');
  progress.waitsFor(undefined);
  expect(told).toHaveLength(2);
  expect(told[0]).toMatch(/^ 50% .* 70 rows, 0 rows\/s, time left unknown, waiting for neo4j$/);
});

import { expect, test } from 'vitest';
import { steadyOf } from './steady.ts';

test('what begins or ends without company counts neither for times nor for the rate', () => {
  // Two connections: slow at first, then one answer each 10 ms, and the last one waits for nobody.
  const ended = [
    { atMs: 90, wallMs: 90 },
    { atMs: 100, wallMs: 100 },
    { atMs: 110, wallMs: 20 },
    { atMs: 120, wallMs: 20 },
    { atMs: 130, wallMs: 20 },
    { atMs: 140, wallMs: 20 },
    { atMs: 145, wallMs: 5 },
    { atMs: 200, wallMs: 70 },
  ];
  expect(steadyOf(ended, 2)).toEqual({ wallMs: [20, 20, 20, 20], perSecond: 100 });
});

test('a block that never has all its connections busy for long says nothing', () => {
  const ended = [1, 2, 3, 4].map((atMs) => ({ atMs, wallMs: atMs }));
  expect(steadyOf(ended, 2)).toEqual({ wallMs: [], perSecond: Number.NaN });
});

import { expect, test } from 'vitest';
import { sizeLevel } from './measure-page.ts';

test('long blocks come in some rounds only, and a trial’s are short but leave something between their ends', () => {
  const level = { connections: 32, operations: 320, every: 10 };
  const { operations, blocks, isIn } = sizeLevel(level, 20);
  const rounds = Array.from({ length: 20 }, (_, index) => index + 1);
  expect({ operations, blocks, in: rounds.filter(isIn) }).toEqual({ operations: 320, blocks: 2, in: [1, 11] });
  expect(sizeLevel(level, 1)).toMatchObject({ operations: 96, blocks: 1 });
  expect(sizeLevel({ connections: 1, operations: 10 }, 20)).toMatchObject({ operations: 10, blocks: 20 });
});

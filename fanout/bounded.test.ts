import { expect, test } from 'vitest';
import { bounded } from './bounded.ts';

test('asks once, whoever asks, and serves the answer for a while', async () => {
  let asked = 0;
  const ask = bounded(
    async () => ++asked,
    () => {},
  );
  expect(await Promise.all([ask(), ask(), ask()])).toEqual([1, 1, 1]);
  expect(await ask()).toBe(1);
});

test('gives nothing where the server refuses, and does not ask it again at once', async () => {
  const failures: unknown[] = [];
  let asked = 0;
  const ask = bounded(
    async () => {
      asked += 1;
      throw new Error('refused');
    },
    (error) => failures.push(error),
  );
  expect([await ask(), await ask()]).toEqual([undefined, undefined]);
  expect(asked).toBe(1);
  expect(failures).toEqual([new Error('refused')]);
});

test('waits no longer than a moment for a server that hangs, asks it only once, and takes its late answer', async () => {
  const answer = Promise.withResolvers<string>();
  let asked = 0;
  const ask = bounded(
    () => {
      asked += 1;
      return answer.promise;
    },
    () => {},
  );
  expect(await Promise.all([ask(), ask()])).toEqual([undefined, undefined]);
  expect(await ask()).toBeUndefined();
  expect(asked).toBe(1);
  answer.resolve('late');
  expect(await ask()).toBe('late');
  expect(asked).toBe(1);
});

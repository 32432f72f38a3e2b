import { expect, test, vi } from 'vitest';
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

test('an answer that came too late for one scrape serves the next, however long that takes to come, and only that', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  try {
    const answer = Promise.withResolvers<string>();
    let asked = 0;
    const ask = bounded(
      () => {
        asked += 1;
        return asked === 1 ? answer.promise : Promise.resolve('new');
      },
      () => {},
    );
    expect(await ask()).toBeUndefined();
    vi.advanceTimersByTime(1_500);
    answer.resolve('late');
    await answer.promise;
    vi.advanceTimersByTime(15_000);
    expect(await ask()).toBe('late');
    expect(await ask()).toBe('new');
  } finally {
    vi.useRealTimers();
  }
});

import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createRequest } from './context.ts';
import { codedError } from './errors.ts';
import { patiently } from './guard.ts';
import { withRequest } from './request.ts';
import { createSeam, storeCalls } from './seam.ts';

const refused = new Error('ECONNREFUSED');
const newSeam = (timeoutMs = 1_000) =>
  createSeam({ store: 'shelf', timeoutMs, isOutage: (error) => error === refused });
const codeIn = (promise: Promise<unknown>) => promise.catch((error) => error.extensions.code);

test('tells an outage from a query that the store refuses, and lets coded errors through', async () => {
  const seam = newSeam();
  expect(await codeIn(seam('GET', () => Promise.reject(refused)))).toBe('STORE_UNAVAILABLE');
  expect(await codeIn(seam('GET', () => Promise.reject(new Error('syntax'))))).toBe('STORE_ERROR');
  expect(await codeIn(seam('GET', () => Promise.reject(codedError('NOT_FOUND', 'gone'))))).toBe('NOT_FOUND');
});

test('gives up at the deadline and tells the call so', async () => {
  let aborted = false;
  const answer = newSeam(20)('GET', async (signal) => {
    signal.addEventListener('abort', () => {
      aborted = true;
    });
    await delay(10_000, null, { signal, ref: false });
  });
  expect(await codeIn(answer)).toBe('STORE_TIMEOUT');
  expect(aborted).toBe(true);
});

test('gives up earlier where the request’s own deadline is nearer', async () => {
  const sessions = { create: async () => '', find: async () => null, end: async () => {} };
  const request = createRequest({ token: null, sessions, timeoutMs: 20 });
  const waiting = withRequest(request, () => newSeam(60_000)('GET', (signal) => delay(60_000, null, { signal })));
  expect(await codeIn(waiting)).toBe('STORE_TIMEOUT');
  // Timers count whole milliseconds.
  expect(request.remainingMs()).toBeLessThan(2);
});

test('gives work for which no client waits more time', async () => {
  const seam = newSeam(20);
  const slow = () => seam('BULK', () => delay(100, 'done'));
  expect(await codeIn(slow())).toBe('STORE_TIMEOUT');
  expect(await patiently(slow)).toBe('done');
});

test('requests that are in a hurry do not make a healthy store count as dead', async () => {
  const sessions = { create: async () => '', find: async () => null, end: async () => {} };
  const seam = newSeam(60_000);
  for (let i = 0; i < 10; i += 1) {
    const request = createRequest({ token: null, sessions, timeoutMs: 1 });
    const waiting = withRequest(request, () => seam('GET', (signal) => delay(60_000, null, { signal })));
    expect(await codeIn(waiting)).toBe('STORE_TIMEOUT');
  }
  expect(await codeIn(seam('GET', async () => 'well'))).toBe('well');
});

test('leaves a dead store alone after five failures in a row, and tries it again later', async () => {
  const seam = newSeam();
  let calls = 0;
  const call = (work: () => Promise<unknown>) => {
    const counted = () => {
      calls += 1;
      return work();
    };
    return codeIn(seam('GET', counted));
  };
  for (let i = 0; i < 20; i += 1) expect(await call(() => Promise.reject(refused))).toBe('STORE_UNAVAILABLE');
  expect(calls).toBe(5);
  await expect.poll(() => call(async () => 'back'), { timeout: 5_000 }).toBe('back');
});

test('publishes each call with its statement', async () => {
  const statements: string[] = [];
  const listener = (call: unknown) => void statements.push((call as { statement: string }).statement);
  storeCalls.start.subscribe(listener);
  await newSeam()('MGET a b', async () => null);
  storeCalls.start.unsubscribe(listener);
  expect(statements).toEqual(['MGET a b']);
});

test('asks a read once more when the connection breaks, and nothing else', async () => {
  const seam = newSeam();
  const asked = async (statement: { text: string; isRead?: boolean }, failures: readonly unknown[]) => {
    const left = [...failures];
    let calls = 0;
    const answer = await codeIn(
      seam(statement, async () => {
        calls += 1;
        if (left.length > 0) throw left.shift();
        return 'well';
      }),
    );
    return { answer, calls };
  };
  const read = { text: 'GET', isRead: true };
  expect(await asked(read, [refused])).toEqual({ answer: 'well', calls: 2 });
  expect(await asked(read, [refused, refused])).toEqual({ answer: 'STORE_UNAVAILABLE', calls: 2 });
  expect(await asked(read, [new Error('syntax')])).toEqual({ answer: 'STORE_ERROR', calls: 1 });
  expect(await asked({ text: 'SET' }, [refused])).toEqual({ answer: 'STORE_UNAVAILABLE', calls: 1 });
});

test('of a store that is tried again one call is the probe, which the others do not wait for; one that ends too soon proves nothing', async () => {
  const sessions = { create: async () => '', find: async () => null, end: async () => {} };
  const seam = newSeam(120_000);
  for (let i = 0; i < 5; i += 1) await codeIn(seam('GET', () => Promise.reject(refused)));
  const hurried = () => createRequest({ token: null, sessions, timeoutMs: 200 });
  let asked = 0;
  const hang = () =>
    withRequest(hurried(), () =>
      codeIn(
        seam('GET', (signal) => {
          asked += 1;
          return delay(60_000, null, { signal });
        }),
      ),
    );
  // Until the breaker lets a call through.
  await expect.poll(hang, { interval: 20 }).toBe('STORE_TIMEOUT');
  expect(asked).toBe(1);
  expect(await hang()).toBe('STORE_UNAVAILABLE');

  const probe = Promise.withResolvers<string>();
  const probing = Promise.withResolvers<void>();
  const ask = () =>
    codeIn(
      seam('GET', () => {
        probing.resolve();
        return probe.promise;
      }),
    );
  const meanwhile = async () => {
    await probing.promise;
    expect(await codeIn(seam('GET', async () => 'well'))).toBe('STORE_UNAVAILABLE');
    probe.resolve('back');
  };
  await Promise.all([expect.poll(ask, { interval: 20 }).toBe('back'), meanwhile()]);
  expect(await codeIn(seam('GET', async () => 'well'))).toBe('well');
});

test('begins nothing for which no time is left', async () => {
  const sessions = { create: async () => '', find: async () => null, end: async () => {} };
  const request = createRequest({ token: null, sessions, timeoutMs: 0 });
  let isBegun = false;
  const write = withRequest(request, () =>
    newSeam()('SET', async () => {
      isBegun = true;
    }),
  );
  expect(await codeIn(write)).toBe('STORE_TIMEOUT');
  expect(isBegun).toBe(false);
});

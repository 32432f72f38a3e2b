import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readSettings, type Settings } from '../config.ts';
import { serverNames } from '../stack/server.ts';
import { openProxy } from '../test/proxy.ts';
import { hasMoved, openProgress, type Pending, waitUntilCaughtUp } from './caught-up.ts';
import { insertOutbox, openTestDatabase, type TestDatabase, userEvent } from './testing.ts';

let database: TestDatabase;
let client: Client;
let proxy: Awaited<ReturnType<typeof openProxy>>;
/** The test's database behind a proxy, and Kafka; no relay and no sink. */
let settings: Settings;

beforeEach(async () => {
  const all = readSettings();
  database = await openTestDatabase(all);
  client = await database.connect();
  const url = new URL(database.url);
  proxy = await openProxy({ host: url.hostname, port: Number(url.port) });
  url.host = proxy.address;
  const without = new Set(serverNames().filter((name) => name !== 'postgres' && name !== 'kafka'));
  settings = { ...all, without, postgres: { ...all.postgres, url: url.href } };
});
afterEach(async () => {
  await proxy.cut();
  await database[Symbol.asyncDispose]();
});

const addEvents = async (count: number) => {
  for (let n = 0; n < count; n++) await insertOutbox(client, 'user_events', userEvent(`u${n}`));
};
const removeEvents = (count: number) =>
  client.query('DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox ORDER BY seq LIMIT $1)', [count]);

test('a Postgres that hangs is given up after a while, and not waited for at the end', async () => {
  const progress = await openProgress({ ...settings, postgres: { ...settings.postgres, timeoutMs: 250 } });
  await progress.read();
  proxy.freeze();
  await expect(progress.read()).rejects.toThrow('timeout');
  const start = performance.now();
  await progress[Symbol.asyncDispose]();
  expect(performance.now() - start).toBeLessThan(1_000);
}, 10_000);

describe('waiting', () => {
  test('goes on after a connection was lost', async () => {
    await addEvents(1);
    const waiting = waitUntilCaughtUp(settings, 10_000);
    const tooEarly = () => Promise.reject(new Error('something waits still'));
    await Promise.race([delay(500), waiting.then(tooEarly)]);
    await proxy.cut();
    await removeEvents(1);
    await Promise.race([delay(500), waiting.then(tooEarly)]);
    await proxy.mend();
    await waiting;
  });

  test('gives up when nothing moves, and says what is left or what cannot be reached', async () => {
    await addEvents(2);
    await expect(waitUntilCaughtUp(settings, 700)).rejects.toThrow(
      'nothing has moved for 0.7 s: 2 events in the outboxes',
    );
    const waiting = waitUntilCaughtUp(settings, 1_500);
    setTimeout(() => proxy.cut(), 700);
    await expect(waiting).rejects.toThrow(/nothing has moved for 1.5 s: .*ECONNREFUSED/);
  });

  test('does not, where more comes than goes', async () => {
    await addEvents(4);
    const waiting = waitUntilCaughtUp(settings, 2_000);
    waiting.catch(() => {});
    for (const until = performance.now() + 5_000; performance.now() < until; ) {
      // Seen each time: a look is taken five times a second.
      await removeEvents(2);
      await delay(500);
      await addEvents(4);
      await delay(500);
    }
    await removeEvents(1_000);
    await waiting;
  });

  test('says at once what cannot be reached to begin with', async () => {
    await proxy.cut();
    await expect(waitUntilCaughtUp(settings)).rejects.toThrow('ECONNREFUSED');
  });
});

describe('movement', () => {
  const pending = (postgres: number, mongo: number, lags: [lag: number, applied: bigint][]): Pending => ({
    outboxes: new Map([
      ['postgres', postgres],
      ['mongo', mongo],
    ]),
    sinks: new Map(lags.map(([lag, applied], n) => [`sink ${n}`, { lag, applied }])),
  });

  test.each([
    ['an outbox empties while another fills', pending(5, 9, [[1, 7n]]), true],
    ['a sink applies while as much comes', pending(9, 2, [[1, 8n]]), true],
    ['a lag falls', pending(9, 2, [[0, 7n]]), true],
    ['more comes', pending(9, 3, [[4, 7n]]), false],
    ['all stays', pending(8, 2, [[1, 7n]]), false],
  ])('%s', (_, now, moved) => {
    expect(hasMoved(pending(8, 2, [[1, 7n]]), now)).toBe(moved);
  });
});

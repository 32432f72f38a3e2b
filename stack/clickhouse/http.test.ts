import { type ClickHouseClient, ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serverProcesses } from '../server.ts';
import { createSupervisor, type Supervisor } from '../supervisor.ts';
import { testProfile } from '../testing.ts';

const profile = testProfile(720, { STREAMSHOP_WITHOUT: 'cassandra,kafka,postgres,redis,s3' });
let stack: Supervisor;
let client: ClickHouseClient;

beforeAll(async () => {
  stack = await createSupervisor({
    settings: profile.settings,
    processes: await serverProcesses(profile.settings, profile.env),
  });
  await stack.startAll();
  client = createClient({ url: profile.settings.clickhouse.url, log: { level: ClickHouseLogLevel.OFF } });
});

afterAll(async () => {
  await client?.close();
  await stack?.stop();
  await profile[Symbol.asyncDispose]();
});

async function rows(query: string, more: object = {}): Promise<unknown[]> {
  return (await client.query({ query, format: 'JSONEachRow', ...more })).json();
}

test('parameters arrive as they were sent', async () => {
  const text = `it's "quoted"\\ and\ttabbed\nin two lines, with ü and 😀`;
  expect(
    await rows(
      'SELECT {s:String} AS s, {n:UInt32} AS n, {none:Nullable(String)} AS none, {list:Array(String)} AS list, {numbers:Array(UInt8)} AS numbers',
      {
        query_params: { s: text, n: 42, none: null, list: [text, 'b', ''], numbers: [1, 2] },
      },
    ),
  ).toEqual([{ s: text, n: 42, none: null, list: [text, 'b', ''], numbers: [1, 2] }]);
  expect(
    await rows(
      "SELECT {at:DateTime64(3)} = toDateTime64('2026-01-02 03:04:05.678', 3, 'UTC') AS same, {day:Date} AS day",
      {
        query_params: { at: new Date('2026-01-02T03:04:05.678Z'), day: '2026-01-02' },
      },
    ),
  ).toEqual([{ same: true, day: '2026-01-02' }].map((row) => ({ ...row, same: 1 })));
});

test('inserts, settings, compression and several databases', async () => {
  await client.command({ query: 'CREATE DATABASE IF NOT EXISTS other' });
  const other = createClient({
    url: profile.settings.clickhouse.url,
    database: 'other',
    compression: { request: true, response: true },
  });
  try {
    await other.command({
      query: 'CREATE TABLE t (id String, n UInt64, at DateTime64(3)) ENGINE = MergeTree ORDER BY id',
    });
    const values = Array.from({ length: 1000 }, (_, n) => ({ id: `row '${n}'\n`, n, at: '2026-01-02T03:04:05.678Z' }));
    await other.insert({
      table: 't',
      values,
      format: 'JSONEachRow',
      clickhouse_settings: { date_time_input_format: 'best_effort' },
    });
    // Interleaved with a client of another database, each finds its own table.
    const counts = await Promise.all([
      other.query({ query: 'SELECT count() AS n, max(at) AS at FROM t', format: 'JSONEachRow' }),
      client.query({
        query: 'SELECT count() AS n FROM other.t WHERE id = {id:String}',
        format: 'JSONEachRow',
        query_params: { id: "row '7'\n" },
      }),
      other.query({
        query: 'SELECT n FROM t ORDER BY n',
        format: 'JSONEachRow',
        clickhouse_settings: { limit: '2', output_format_json_quote_64bit_integers: 0 },
      }),
    ]);
    expect(await Promise.all(counts.map((result) => result.json()))).toEqual([
      [{ n: 1000, at: '2026-01-02 03:04:05.678' }],
      [{ n: 1 }],
      [{ n: 0 }, { n: 1 }],
    ]);
    await expect(client.query({ query: 'SELECT * FROM t' })).rejects.toMatchObject({ type: 'UNKNOWN_TABLE' });
  } finally {
    await other.close();
  }
});

test('a refused statement is told with ClickHouse’s own number and name', async () => {
  const refused = client.query({ query: 'SELECT nothing_like_this' });
  await expect(refused).rejects.toBeInstanceOf(ClickHouseError);
  await expect(refused).rejects.toMatchObject({ code: '47', type: 'UNKNOWN_IDENTIFIER' });
  // And the next one is answered as if nothing had happened.
  expect(await rows('SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('acknowledged rows survive kill -9, and a stop', async () => {
  await client.command({ query: 'CREATE TABLE kept (id UInt32) ENGINE = MergeTree ORDER BY id' });
  await client.insert({ table: 'kept', values: [{ id: 1 }, { id: 2 }], format: 'JSONEachRow' });
  const pid = stack.status()[0]?.pid;
  await stack.kill('clickhouse');
  await expect
    .poll(() => stack.status()[0], { timeout: 20_000 })
    .toMatchObject({ state: 'ready', pid: expect.not.toSatisfy((next) => next === pid) });
  expect(await rows('SELECT id FROM kept ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }]);
  await stack.stopOne('clickhouse');
  await stack.start('clickhouse');
  expect(await rows('SELECT id FROM kept ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }]);
});

import type { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { StreamEvent } from '../schema/events/index.ts';
import { postgresOutbox } from './postgres-outbox.ts';
import { startRelay } from './relay.ts';
import {
  endsOf,
  insertOutbox,
  openTestDatabase,
  openTestKafka,
  readTopic,
  silent,
  type TestDatabase,
  type TestKafka,
  until,
  untilRelayHasLooked,
  userEvent,
} from './testing.ts';
import { ensureTopics } from './topics.ts';
import type { Worker } from './worker.ts';

let kafka: TestKafka;
let database: TestDatabase;
let client: Client;
let topic: string;
const running: Worker[] = [];

beforeAll(async () => {
  kafka = await openTestKafka();
});
afterAll(async () => {
  await kafka?.[Symbol.asyncDispose]();
});

beforeEach(async () => {
  database = await openTestDatabase(kafka.settings);
  client = await database.connect();
  topic = kafka.names.topic('user_events');
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((worker) => worker.stop()));
  await database[Symbol.asyncDispose]();
});

async function relay(): Promise<Worker> {
  const postgres = { ...kafka.settings.postgres, url: database.url };
  const { settings, names } = kafka;
  const worker = startRelay({ outbox: postgresOutbox(postgres), settings, logger: silent, names });
  running.push(worker);
  await worker.ready;
  return worker;
}

const countMessages = async () =>
  (await endsOf(kafka.admin, topic)).reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0);
const isDrained = async () => (await client.query('SELECT FROM outbox')).rowCount === 0;

/** The ids of these events, in the order in which the topic has them. */
async function published(events: readonly StreamEvent[]): Promise<string[]> {
  const wanted = new Set(events.map(({ id }) => id));
  const messages = await readTopic(kafka, topic);
  return messages.map(({ value }) => JSON.parse(value).id).filter((id) => wanted.has(id));
}

test('two transactions that commit in another order than they were numbered lose no event', async () => {
  await relay();
  const [slow, fast] = [await database.connect(), await database.connect()];
  const [first, second] = [userEvent('same-user', 1), userEvent('same-user', 2)];
  await slow.query('BEGIN');
  await insertOutbox(slow, topic, first);
  await fast.query('BEGIN');
  await insertOutbox(fast, topic, second);
  await fast.query('COMMIT');
  // The relay has been woken, and polls: the second must not overtake the first.
  await untilRelayHasLooked(client);
  expect(await published([first, second])).toEqual([]);
  await slow.query('COMMIT');

  await until('the outbox is empty', isDrained);
  expect(await published([first, second])).toEqual([first.id, second.id]);
});

test('a transaction that is held open, and wrote no event itself, delays but loses none', async () => {
  await relay();
  const held = await database.connect();
  await held.query('BEGIN');
  await held.query('SELECT pg_current_xact_id()');
  const event = userEvent('held');
  await insertOutbox(client, topic, event);
  await untilRelayHasLooked(client);
  expect(await isDrained()).toBe(false);
  await held.query('ROLLBACK');
  await until('the outbox is empty', isDrained, 2_000);
  expect(await published([event])).toEqual([event.id]);
});

test('keeps the order of each key, and notes where every message really is', async () => {
  await relay();
  const events: StreamEvent[] = [];
  await client.query('BEGIN');
  for (let version = 1; version <= 40; version++) {
    for (const user of ['ann', 'ben', 'cy', 'di', 'ed']) events.push(userEvent(`order-${user}`, version));
  }
  for (const event of events) await insertOutbox(client, topic, event);
  await client.query('COMMIT');
  await until('the outbox is empty', isDrained);

  const { rows } = await client.query(
    'SELECT event_id, type, actor_id, topic, partition, kafka_offset FROM event_position WHERE event_id = ANY($1)',
    [events.map(({ id }) => id)],
  );
  const noted = new Map(rows.map((row) => [row.event_id, row]));
  const messages = (await readTopic(kafka, topic)).filter(({ key }) => key.startsWith('order-'));
  expect(messages).toHaveLength(events.length);
  const versions = new Map<string, number[]>();
  for (const { key, value, partition, offset } of messages) {
    const { id, version, type } = JSON.parse(value);
    expect(noted.get(id)).toEqual({ event_id: id, type, actor_id: key, topic, partition, kafka_offset: offset });
    versions.set(key, [...(versions.get(key) ?? []), version]);
  }
  for (const seen of versions.values()) expect(seen).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
  // Otherwise the offsets would prove little.
  expect(new Set(messages.map(({ partition }) => partition)).size).toBeGreaterThan(1);
});

test('of two relays one works, and the other takes over when its connection dies', async () => {
  await Promise.all([relay(), relay()]);
  const holders = async () => {
    const { rows } = await client.query(
      `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    return rows.map(({ pid }) => pid);
  };
  const before = await holders();
  expect(before).toHaveLength(1);
  const events = Array.from({ length: 20 }, (_, index) => userEvent(`takeover-${index}`));
  for (const [index, event] of events.entries()) {
    await insertOutbox(client, topic, event);
    if (index === 10) await client.query('SELECT pg_terminate_backend($1)', before);
  }
  await until('the outbox is empty', isDrained);
  const after = await holders();
  expect(after).toHaveLength(1);
  expect(after).not.toEqual(before);
  expect(new Set(await published(events))).toEqual(new Set(events.map(({ id }) => id)));
});

test('a row that was published before a crash, but not dropped, keeps its first position', async () => {
  const event = userEvent('twice');
  await ensureTopics(kafka.admin, { names: kafka.names, topics: ['user_events'], sinks: [] });
  await client.query(
    `INSERT INTO event_position (event_id, type, topic, partition, kafka_offset, published_at)
     VALUES ($1, $2, $3, 3, 77, now())`,
    [event.id, event.type, topic],
  );
  await insertOutbox(client, topic, event);
  await relay();
  await until('the outbox is empty', isDrained);
  const { rows } = await client.query('SELECT kafka_offset FROM event_position WHERE event_id = $1', [event.id]);
  expect(rows).toEqual([{ kafka_offset: '77' }]);
});

test('moves a backlog of 30,000 rows whole', { timeout: 60_000 }, async () => {
  await client.query(
    `INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload)
     SELECT gen_random_uuid(), $1, 'u' || n % 300, 'watch.recorded', jsonb_build_object('n', n, 'filler', repeat('x', 600))
     FROM generate_series(1, 30000) n`,
    [topic],
  );
  const before = await countMessages();
  await relay();
  await until('the outbox is empty', isDrained, 50_000);
  expect((await countMessages()) - before).toBe(30_000);
});

test('old positions are forgotten a thousand at a time, and no others', async () => {
  await client.query(
    `INSERT INTO event_position (event_id, type, topic, partition, kafka_offset, published_at)
     SELECT gen_random_uuid(), 'watch.recorded', $1, 0, n, now() - make_interval(days => CASE WHEN n < 1500 THEN 8 ELSE 6 END)
     FROM generate_series(0, 1509) n`,
    [topic],
  );
  const left = async () => (await client.query('SELECT FROM event_position')).rowCount;
  await using outbox = await postgresOutbox({ ...kafka.settings.postgres, url: database.url }).connect(silent);
  expect(await outbox.forgetOldPositions()).toBe(true);
  expect(await left()).toBe(510);
  expect(await outbox.forgetOldPositions()).toBe(false);
  expect(await left()).toBe(10);
  expect(await outbox.forgetOldPositions()).toBe(false);
});

test('the relay goes on forgetting until none is old', async () => {
  await client.query(
    `INSERT INTO event_position (event_id, type, topic, partition, kafka_offset, published_at)
     SELECT gen_random_uuid(), 'watch.recorded', $1, 0, n, now() - interval '8 days' FROM generate_series(1, 2500) n`,
    [topic],
  );
  await relay();
  await until('all are forgotten', async () => (await client.query('SELECT FROM event_position')).rowCount === 0);
});

import { randomUUID } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Admin, Kafka } from 'kafkajs';
import { Client, type ClientBase } from 'pg';
import pino from 'pino';
import { v7 as uuidv7 } from 'uuid';
import { readSettings, root, type Settings } from '../config.ts';
import type { StreamEvent, StreamEventOf, Topic } from '../schema/events/index.ts';
import { kafkaClient } from './kafka.ts';
import { type Names, namesWith } from './names.ts';
import type { Outbox, OutboxSource } from './outbox.ts';

export const silent = pino({ level: process.env.TEST_LOG_LEVEL ?? 'silent' });

/** A part of Kafka for one test file, under names of its own. */
export interface TestKafka extends AsyncDisposable {
  settings: Settings;
  names: Names;
  kafka: Kafka;
  admin: Admin;
}

export async function openTestKafka(): Promise<TestKafka> {
  const settings = readSettings();
  const prefix = `test-${randomUUID().slice(0, 8)}-`;
  const kafka = kafkaClient({ settings: settings.kafka, retries: 5 });
  const admin = kafka.admin();
  await admin.connect();
  return {
    settings,
    names: namesWith(prefix),
    kafka,
    admin,
    async [Symbol.asyncDispose]() {
      const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix));
      if (topics.length > 0) await admin.deleteTopics({ topics });
      const { groups } = await admin.listGroups();
      const own = groups.map(({ groupId }) => groupId).filter((groupId) => groupId.startsWith(prefix));
      if (own.length > 0) await admin.deleteGroups(own).catch(() => {});
      await admin.disconnect();
    },
  };
}

/** A database of its own with the tables of the postgres room, so that no other relay takes the test's rows. */
export interface TestDatabase extends AsyncDisposable {
  url: string;
  connect(): Promise<Client>;
}

export async function openTestDatabase(settings: Settings): Promise<TestDatabase> {
  const name = `test_${randomUUID().slice(0, 8)}`;
  const url = new URL(settings.postgres.url);
  const owner = new Client({ connectionString: url.href });
  await owner.connect();
  await owner.query(`CREATE DATABASE ${name}`);
  url.pathname = `/${name}`;
  const clients: Client[] = [];
  const connect = async () => {
    const client = new Client({ connectionString: url.href });
    client.on('error', () => {});
    await client.connect();
    clients.push(client);
    return client;
  };
  const client = await connect();
  for (const file of globSync('subgraphs/postgres/migrations/*/migration.sql', { cwd: root }).sort()) {
    await client.query(readFileSync(join(root, file), 'utf8'));
  }
  return {
    url: url.href,
    connect,
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client.end().catch(() => {});
      await owner.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await owner.end();
    },
  };
}

/** An outbox whose events go to topics of the test's own, of which commands know nothing. */
export const onTopicsOf = (names: Names, source: OutboxSource): OutboxSource => ({
  ...source,
  async connect(logger) {
    const outbox = await source.connect(logger);
    const read: Outbox['read'] = async (limit) =>
      (await outbox.read(limit)).map((row) => ({ ...row, topic: names.topic(row.topic as Topic) }));
    return { ...outbox, read };
  },
});

/** The n-th version of a user, as an event. */
export function userEvent(userId: string, version = 1): StreamEventOf<'user.signed_up'> {
  return {
    specversion: '1.0',
    id: uuidv7(),
    source: '/streamshop/postgres',
    type: 'user.signed_up',
    subject: userId,
    time: new Date().toISOString(),
    version,
    actor: userId,
    data: { userId, name: `User ${version}`, createdAt: new Date().toISOString() },
  };
}

/** Writes an event's outbox row, in whatever transaction the client is. */
export async function insertOutbox(client: Client, topic: string, event: StreamEvent): Promise<void> {
  await client.query(
    'INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload, actor_id) VALUES ($1, $2, $3, $4, $5, $6)',
    [event.id, topic, event.subject, event.type, JSON.stringify(event), event.actor],
  );
}

/** A message of a topic, where it lies. */
export interface Located {
  partition: number;
  offset: string;
  key: string;
  value: string;
}

/** Every message of a topic up to its present end. */
export async function readTopic({ kafka, admin }: TestKafka, topic: string): Promise<Located[]> {
  const ends = await endsOf(admin, topic);
  let missing = ends.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
  if (missing === 0) return [];
  const consumer = kafka.consumer({ groupId: `test-read-${randomUUID()}`, maxWaitTimeInMs: 100 });
  const found: Located[] = [];
  const whole = Promise.withResolvers<void>();
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ partition, message: { offset, key, value } }) => {
      found.push({ partition, offset, key: String(key), value: String(value) });
      missing -= 1;
      if (missing === 0) whole.resolve();
    },
  });
  await whole.promise;
  await consumer.disconnect();
  return found;
}

/** The ends of a topic's partitions; a new topic's partitions get their leaders one after the other. */
export async function endsOf(admin: Admin, topic: string): ReturnType<Admin['fetchTopicOffsets']> {
  let ends: Awaited<ReturnType<Admin['fetchTopicOffsets']>> | undefined;
  await until('each partition has a leader', async () => {
    ends = await admin.fetchTopicOffsets(topic).catch((error: { type?: string }) => {
      if (error.type !== 'NOT_LEADER_FOR_PARTITION') throw error;
      return undefined;
    });
    return ends !== undefined;
  });
  return ends ?? [];
}

/** Asks again until it holds. */
export async function until(what: string, holds: () => Promise<boolean> | boolean, timeoutMs = 20_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`in vain waited until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Waits until the relay has asked the outbox so many times more: what it has not published by then, it holds back. */
export async function untilRelayHasLooked(client: ClientBase, times = 3): Promise<void> {
  const looks = new Set<string>();
  const query = `SELECT query_start::text AS at FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'streamshop-relay' AND query LIKE '%FROM outbox%'`;
  await until('the relay has looked', async () => {
    const { rows } = await client.query<{ at: string }>(query);
    for (const { at } of rows) looks.add(at);
    // The first look may have begun before this function did.
    return looks.size > times;
  });
}

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { type Admin, Partitioners } from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSettings } from '../../config.ts';
import { kafkaClient } from '../../fanout/kafka.ts';
import { endsOf } from '../../fanout/testing.ts';
import { callsDuring, openTestRoom, type TestRoom } from '../../gateway/testing.ts';
import type { StreamEventOf } from '../../schema/events/index.ts';
import { type ReportPlayback, recordPostView, reportPlaybacks } from './commands.ts';
import { kafka } from './index.ts';
import { readTopic } from './read-topic.ts';
import { kafkaSource } from './source.ts';
import { type KafkaStore, openKafka } from './store.ts';

const settings = readSettings();
const client = kafkaClient({ settings: settings.kafka, retries: 5 });
const source = kafkaSource(client);
const viewer = { userId: `u-${randomUUID()}`, scopes: [] };
let room: TestRoom;
let store: KafkaStore;
let admin: Admin;

beforeAll(async () => {
  room = await openTestRoom(kafka);
  store = room.open.store as KafkaStore;
  admin = client.admin();
  await admin.connect();
});
afterAll(async () => {
  await admin?.disconnect();
  await room?.[Symbol.asyncDispose]();
});

const measuredAt = new Date(Date.now() - 60_000);
const input = (parts: object = {}) => ({
  ...{ movieId: 'm101', region: 'eu-west', cdnNode: 'eu-west-1', bufferingCount: 2, averageBitrateKbps: 5_000 },
  ...{ measuredAt: measuredAt.toISOString(), ...parts },
});
const reportMutation = `mutation ($input: ReportPlaybackInput!) { reportPlayback(input: $input) { accepted movie { id } } }`;
const viewMutation = `mutation ($input: RecordPostViewInput!) { recordPostView(input: $input) { accepted post { id } } }`;
const run = async (mutation: string, input: object, as: typeof viewer | null = viewer) => {
  const { data, errors } = await room.execute(mutation, { viewer: as, variables: { input } });
  return { data: JSON.parse(JSON.stringify(data ?? null)), errors };
};

async function reportsOf(movieId: string): Promise<StreamEventOf<'playback.reported'>[]> {
  const found = [];
  for await (const events of source.playbackReports())
    found.push(...events.filter(({ subject }) => subject === movieId));
  return found;
}
async function viewsOf(postId: string): Promise<StreamEventOf<'post.viewed'>[]> {
  const found = [];
  for await (const events of source.postViews()) found.push(...events.filter(({ subject }) => subject === postId));
  return found;
}

test('a report is in Kafka once it is accepted, whole, as the viewer’s', async () => {
  const movieId = `m-${randomUUID()}`;
  const { data, errors } = await run(reportMutation, input({ movieId }));
  expect(errors).toBeUndefined();
  expect(data).toEqual({ reportPlayback: { accepted: true, movie: { id: movieId } } });
  const reports = await reportsOf(movieId);
  expect(reports).toMatchObject([
    {
      ...{ source: '/streamshop/kafka', type: 'playback.reported', subject: movieId, version: 1, actor: viewer.userId },
      data: { ...input({ movieId }), userId: viewer.userId },
    },
  ]);
});

test('a view is in Kafka once it is accepted, and each call is one', async () => {
  const postId = `p-${randomUUID()}`;
  for (let call = 0; call < 2; call++) {
    const { data, errors } = await run(viewMutation, { postId });
    expect(errors).toBeUndefined();
    expect(data).toEqual({ recordPostView: { accepted: true, post: { id: postId } } });
  }
  const views = await viewsOf(postId);
  expect(views).toMatchObject(Array(2).fill({ type: 'post.viewed', actor: viewer.userId, data: { postId } }));
  expect(new Set(views.map(({ id }) => id)).size).toBe(2);
});

test.each([
  ['movieId', { movieId: '' }],
  ['movieId', { movieId: 'a b' }],
  ['region', { region: 'eu west' }],
  ['region', { region: 'x'.repeat(65) }],
  ['cdnNode', { cdnNode: '' }],
  ['bufferingCount', { bufferingCount: -1 }],
  ['bufferingCount', { bufferingCount: 1_001 }],
  ['averageBitrateKbps', { averageBitrateKbps: 0 }],
  ['averageBitrateKbps', { averageBitrateKbps: 1_000_001 }],
  ['measuredAt', { measuredAt: '1999-12-31T23:59:59Z' }],
  ['measuredAt', { measuredAt: new Date(Date.now() + 60_000).toISOString() }],
])('a wrong %s is refused before Kafka is asked: %o', async (argument, parts) => {
  const calls = await callsDuring(async () => {
    const { data, errors } = await run(reportMutation, input(parts));
    expect(data).toEqual({ reportPlayback: null });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument: ['input', argument] });
  });
  expect(calls).toEqual([]);
});

test('a visitor reports nothing', async () => {
  const calls = await callsDuring(async () => {
    for (const [mutation, given] of [
      [reportMutation, input()],
      [viewMutation, { postId: 'p1' }],
    ] as const) {
      const { errors } = await run(mutation, given, null);
      expect(errors?.[0]?.extensions).toMatchObject({ code: 'UNAUTHENTICATED' });
    }
  });
  expect(calls).toEqual([]);
  expect((await run(viewMutation, { postId: '?' })).errors?.[0]?.extensions).toMatchObject({
    argument: ['input', 'postId'],
  });
});

test('a thousand and more go in a few requests, each to the partition of its key', async () => {
  const run = randomUUID();
  const reports = Array.from(
    { length: 2_500 },
    (_, index): ReportPlayback => ({
      ...{ userId: 'u1', movieId: `m-${run}-${index % 40}`, region: 'eu-west', cdnNode: 'n1', bufferingCount: 0 },
      ...{ averageBitrateKbps: 1 + index, measuredAt },
    }),
  );
  const calls = await callsDuring(() => reportPlaybacks(store, reports));
  expect(calls.map(({ statement }) => statement)).toEqual(
    Array(3).fill(expect.stringContaining('--topic playback_metrics ')),
  );

  // What the relay would choose for the key.
  const partitioner = Partitioners.DefaultPartitioner();
  const { topics } = await admin.fetchTopicMetadata({ topics: ['playback_metrics'] });
  const partitionMetadata = topics[0]?.partitions ?? [];
  expect(partitionMetadata).toHaveLength(4);
  const partitionOf = (key: string) =>
    partitioner({ topic: 'playback_metrics', partitionMetadata, message: { key, value: null } });
  const bitrates: number[] = [];
  for (const [partition, values] of await valuesByPartition('playback_metrics')) {
    for (const { subject, data } of values) {
      if (!subject.includes(run)) continue;
      expect(partitionOf(subject)).toBe(partition);
      bitrates.push(data.averageBitrateKbps);
    }
  }
  expect(bitrates.sort((one, another) => one - another)).toEqual(reports.map((_, index) => index + 1));
  await expect(
    reportPlaybacks(store, [reports[0] as ReportPlayback, { ...reports[1], region: '' } as ReportPlayback]),
  ).rejects.toMatchObject({
    extensions: { argument: ['reports', '1', 'region'] },
  });
});

test('mutations that come together share a request', async () => {
  const postId = `p-${randomUUID()}`;
  await Promise.all(Array.from({ length: 50 }, (_, index) => recordPostView(store, { userId: `u${index}`, postId })));
  const users = (await viewsOf(postId)).map(({ data }) => data.userId);
  expect(users).toHaveLength(50);
  // One batch of the log has its messages in the order of the calls.
  expect(users).toEqual(users.map((_, index) => `u${index}`));
});

test('reading a topic ends, may be left early, and leaves no group behind', async () => {
  const groups = async () =>
    (await admin.listGroups()).groups.filter(({ groupId }) => groupId.startsWith('streamshop-source-'));
  const before = await groups();
  const postId = `p-${randomUUID()}`;
  await recordPostView(store, { userId: 'u1', postId });
  expect(await viewsOf(postId)).toHaveLength(1);
  for await (const events of source.playbackReports()) {
    expect(events.length).toBeGreaterThan(0);
    break;
  }
  expect(await groups()).toEqual(before);
});

test('a slow reader gets once what was there at the beginning, and nothing that came later', async () => {
  const run = randomUUID();
  const reports = (when: string) =>
    Array.from({ length: 200 }, (_, index) => ({
      ...input({ movieId: `${when}-${run}-${index}` }),
      ...{ userId: 'u1', measuredAt },
    }));
  await reportPlaybacks(store, reports('early'));
  const found: string[] = [];
  let isFirst = true;
  for await (const messages of readTopic(client, 'playback_metrics')) {
    if (isFirst) {
      await reportPlaybacks(store, reports('late'));
      // Longer than two heartbeats.
      await new Promise((resolve) => setTimeout(resolve, 2_500));
    }
    isFirst = false;
    found.push(...messages.map(({ key }) => String(key)).filter((key) => key.includes(run)));
  }
  expect(found.sort()).toEqual(
    reports('early')
      .map(({ movieId }) => movieId)
      .sort(),
  );
});

test('a broker that says nothing is STORE_TIMEOUT, and costs the process nothing else', async () => {
  const server = createServer((socket) => void socket.on('error', () => {})).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const brokers = [`127.0.0.1:${(server.address() as AddressInfo).port}`];
  const silent = openKafka({ brokers, timeoutMs: 500 }, []);
  const start = performance.now();
  const timeout = { extensions: { code: 'STORE_TIMEOUT', store: 'kafka' } };
  await expect(recordPostView(silent, { userId: 'u1', postId: 'p1' })).rejects.toMatchObject(timeout);
  expect(performance.now() - start).toBeLessThan(1_500);
  await silent.close();
  server.close();
});

async function valuesByPartition(topic: string) {
  const consumer = client.consumer({ groupId: `test-partitions-${randomUUID()}`, maxWaitTimeInMs: 100 });
  const ends = await endsOf(admin, topic);
  let missing = ends.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
  const found = new Map<number, StreamEventOf<'playback.reported'>[]>();
  const whole = Promise.withResolvers<void>();
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ partition, message: { value } }) => {
      found.set(partition, [...(found.get(partition) ?? []), JSON.parse(String(value))]);
      missing -= 1;
      if (missing === 0) whole.resolve();
    },
  });
  await whole.promise;
  await consumer.disconnect();
  return found;
}

import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { Partitioners, type Producer } from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSettings } from '../../config.ts';
import { bury, type DeadLetter, exhume } from '../../fanout/dead-letters.ts';
import { kafkaClient } from '../../fanout/kafka.ts';
import { names } from '../../fanout/names.ts';
import { createRequest, roomContext } from '../../gateway/context.ts';
import type { Sessions } from '../../gateway/request.ts';
import type { SinkInfo } from '../../gateway/room.ts';
import { callsDuring } from '../../gateway/testing.ts';
import { recordPostView } from './commands.ts';
import { sinkProgress, sinkStates } from './queries.ts';
import { type KafkaStore, openKafka } from './store.ts';

const settings = readSettings();
const kafka = kafkaClient({ settings: settings.kafka, retries: 5 });
/** Sinks that nobody runs, so that nothing else moves their offsets. */
const ahead: SinkInfo = { name: `ahead-${randomUUID()}`, consumes: ['movie.changed'] };
const behind: SinkInfo = { name: `behind-${randomUUID()}`, consumes: ['movie.changed'] };
const other: SinkInfo = { name: `other-${randomUUID()}`, consumes: ['watch.recorded'] };
const topic = names.topic('movie_events');
const sessions = {} as Sessions;

let store: KafkaStore;
let producer: Producer;
let position: { type: string; topic: string; partition: number; offset: string };

/** Commits for a group without a member, as its sink would. */
async function commit(sink: SinkInfo, { partition, offset }: { partition: number; offset: bigint }): Promise<void> {
  const consumer = kafka.consumer({ groupId: names.group(sink.name), maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic });
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
  await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: async () => {} });
  await joined;
  // Fetching there, beyond the end of the log, would set the offset back.
  consumer.pause([{ topic }]);
  await consumer.commitOffsets([{ topic, partition, offset: String(offset) }]);
  await consumer.disconnect();
}

beforeAll(async () => {
  store = openKafka(settings.kafka, [ahead, behind, other]);
  await store.migrate();
  producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  // The end of the log: the place of an event to come, so that nothing has to be written into the real topic.
  const end = await endOfLog();
  position = { type: 'movie.changed', topic, partition: 1, offset: String(end) };
  await commit(ahead, { partition: 1, offset: end + 1n });
  await commit(behind, { partition: 1, offset: end });
}, 60_000);

afterAll(async () => {
  await producer.disconnect();
  await store.close();
  const admin = kafka.admin();
  await admin.connect();
  await admin.deleteGroups([names.group(ahead.name), names.group(behind.name)]);
  await admin.disconnect();
});

async function endOfLog(): Promise<bigint> {
  const admin = kafka.admin();
  await admin.connect();
  const marks = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  return BigInt(marks.find(({ partition }) => partition === 1)?.high ?? 0);
}

const statusOf = (states: readonly { name: string; status: string }[] | undefined) =>
  Object.fromEntries((states ?? []).map(({ name, status }) => [name.split('-')[0], status]));

test('an event is pending or applied by the committed offset, and not consumed where nobody wants its type', async () => {
  const [states] = await sinkStates(store, [{ id: randomUUID(), ...position }]);
  expect(statusOf(states)).toEqual({ ahead: 'APPLIED', behind: 'PENDING', other: 'NOT_CONSUMED' });
});

test('an event that is not published yet is pending, and costs no call', async () => {
  const event = { id: randomUUID(), type: 'movie.changed', topic: null, partition: null, offset: null };
  const [calls, [states]] = await counted(() => sinkStates(store, [event]));
  expect(statusOf(states)).toEqual({ ahead: 'PENDING', behind: 'PENDING', other: 'NOT_CONSUMED' });
  expect(calls).toBe(0);
});

test('an event whose offset is committed past, but which is a dead letter, is dead until it is redriven', async () => {
  const event = { id: randomUUID(), ...position };
  const letter: DeadLetter = {
    ...position,
    sink: ahead.name,
    eventId: event.id,
    reason: 'refused',
    failedAt: new Date().toISOString(),
    message: { encoding: 'utf8', key: 'm1', value: '{}' },
  };
  const state = async () => statusOf((await sinkStates(store, [event]))[0]).ahead;
  expect(await state()).toBe('APPLIED');
  await bury(producer, names.deadLetters, letter);
  expect(await state()).toBe('DEAD');
  const [progress] = await sinkProgress(store, ['all']);
  expect(progress?.find(({ name }) => name === ahead.name)?.deadLetters).toBe(1);
  await exhume(producer, names.deadLetters, letter);
  expect(await state()).toBe('APPLIED');
});

test('fifty events ask Kafka once', async () => {
  const events = Array.from({ length: 50 }, () => ({ id: randomUUID(), ...position }));
  const request = createRequest({ token: null, sessions, timeoutMs: 5_000 });
  const { load } = roomContext(request, { name: 'kafka', store });
  const [calls, states] = await counted(() => Promise.all(events.map((event) => load(sinkStates, event))));
  expect(states).toHaveLength(50);
  expect(calls).toBe(1);
});

test('lag counts what the group has not committed', async () => {
  const [progress] = await sinkProgress(store, ['all']);
  const lag = (sink: SinkInfo) => progress?.find(({ name }) => name === sink.name)?.lag ?? -1;
  expect(lag(ahead)).toBeGreaterThanOrEqual(0);
  expect(lag(behind)).toBe(lag(ahead));
});

test('a broker that is gone fails fast', async () => {
  const unused = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => unused.once('listening', resolve));
  const dead = (unused.address() as AddressInfo).port;
  await new Promise((resolve) => unused.close(resolve));
  const down = openKafka({ ...settings.kafka, brokers: [`127.0.0.1:${dead}`] }, [ahead]);
  const startedAt = performance.now();
  const unavailable = { extensions: { code: 'STORE_UNAVAILABLE', store: 'kafka' } };
  await expect(down.ping()).rejects.toMatchObject(unavailable);
  await expect(recordPostView(down, { userId: 'u1', postId: 'p1' })).rejects.toMatchObject(unavailable);
  expect(performance.now() - startedAt).toBeLessThan(1_000);
  await down.close();
});

async function counted<T>(work: () => Promise<T>): Promise<[number, T]> {
  const results: T[] = [];
  const calls = await callsDuring(async () => results.push(await work()));
  return [calls.length, results[0] as T];
}

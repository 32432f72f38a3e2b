import { setTimeout as delay } from 'node:timers/promises';
import pino from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { createSeam } from '../gateway/seam.ts';
import type { StreamEvent } from '../schema/events/index.ts';
import { runSink } from './consumer.ts';
import { createDeadLetterView } from './dead-letter-view.ts';
import { fetchCommitted, fetchWatermarks } from './offsets.ts';
import { redrive } from './redrive.ts';
import { Rewind, type Sink, type SinkBatch } from './sink.ts';
import { endsOf, openTestKafka, silent, type TestKafka, until, userEvent } from './testing.ts';
import { ensureTopics } from './topics.ts';
import type { Worker } from './worker.ts';

const consumes = ['user.signed_up'] as const;
const name = 'tested';

/** A topic of its own, with a producer and a sink that writes into an array: what is tested is the runtime, no store. */
async function setUp() {
  const kafka = await openTestKafka();
  const { names, admin } = kafka;
  await ensureTopics(admin, { names, topics: ['user_events'], sinks: [name] });
  const producer = kafka.kafka.producer();
  await producer.connect();
  const topic = names.topic('user_events');
  // Fresh partitions have no leader for a moment.
  await endsOf(admin, topic);
  const running: Worker[] = [];
  const view = createDeadLetterView(kafka.kafka, names.deadLetters);
  onTestFinished(async () => {
    await Promise.all(running.map((worker) => worker.stop()));
    await Promise.all([view.close(), producer.disconnect()]);
    await kafka[Symbol.asyncDispose]();
  });
  return {
    kafka,
    names,
    producer,
    topic,
    deadLetters: () => view.read(admin, AbortSignal.timeout(5_000)),
    async start(sink: Sink, logger = silent) {
      const worker = runSink({ name, sink, consumes, settings: kafka.settings, logger, names });
      running.push(worker);
      await worker.ready;
      return worker;
    },
    async send(events: readonly StreamEvent[], partition?: number) {
      const messages = events.map((event) => ({ key: event.subject, value: JSON.stringify(event), partition }));
      await producer.send({ topic, messages });
    },
    sendRaw: async (value: string | null, partition = 0) => {
      await producer.send({ topic, messages: [{ key: 'raw', value, partition }] });
    },
    isCommitted: () => isCommitted(kafka),
    committed: async (partition: number) =>
      (await fetchCommitted(admin, names.group(name), [topic])).get(topic)?.get(partition),
  };
}

async function isCommitted({ admin, names }: TestKafka): Promise<boolean> {
  const topic = names.topic('user_events');
  const committed = (await fetchCommitted(admin, names.group(name), [topic])).get(topic);
  const marks = (await fetchWatermarks(admin, [topic])).get(topic) ?? new Map();
  return [...marks].every(([partition, { high }]) => committed?.get(partition) === high);
}

/** A store that notes what it is given, and fails as it is told. */
function recorder(fails: (batch: SinkBatch) => unknown = () => undefined) {
  const batches: SinkBatch[] = [];
  let isDown = false;
  let failedProbes = 0;
  const sink: Sink = {
    async apply(batch) {
      if (isDown) throw new Error('connection refused');
      const failure = await fails(batch);
      if (failure) throw failure;
      batches.push(batch);
    },
    async probe() {
      if (!isDown) return;
      failedProbes += 1;
      throw new Error('connection refused');
    },
    verify: async () => [],
  };
  return {
    sink,
    batches,
    failedProbes: () => failedProbes,
    ids: () => batches.flatMap(({ events }) => events.map(({ id }) => id)),
    setDown: (value: boolean) => {
      isDown = value;
    },
  };
}

const users = (count: number, prefix = 'u') =>
  Array.from({ length: count }, (_, index) => userEvent(`${prefix}${index}`));
const idsOf = (events: readonly StreamEvent[]) => events.map(({ id }) => id);
const sorted = (ids: readonly string[]) => [...ids].sort();

test('applies every event, and after a restart only what is new', async () => {
  const { start, send, isCommitted } = await setUp();
  const [before, after] = [users(700), users(20)];
  await send(before);
  const first = recorder();
  const worker = await start(first.sink);
  await until('all is committed', isCommitted);
  expect(sorted(first.ids())).toEqual(sorted(idsOf(before)));
  for (const { events, firstOffset, nextOffset } of first.batches) {
    expect(events.length).toBeLessThanOrEqual(500);
    expect(nextOffset - firstOffset).toBe(BigInt(events.length));
  }
  await worker.stop();

  await send(after);
  const second = recorder();
  await start(second.sink);
  await until('all is committed', isCommitted);
  expect(sorted(second.ids())).toEqual(sorted(idsOf(after)));
});

test('members of one group share its partitions, and what one leaves goes to the others', async () => {
  const { start, send, isCommitted } = await setUp();
  const [left, right] = [recorder(), recorder()];
  const leaving = await start(left.sink);
  await start(right.sink);
  const [shared, later] = [users(400), users(40, 'later')];
  await until('both have work', async () => {
    await send(users(20, `warm-${performance.now()}-`));
    return left.ids().length > 0 && right.ids().length > 0;
  });
  await send(shared);
  await until('all is committed', isCommitted);
  const ids = new Set(idsOf(shared));
  const applied = [...left.ids(), ...right.ids()].filter((id) => ids.has(id));
  expect(sorted(applied)).toEqual(sorted(idsOf(shared)));

  await leaving.stop();
  await send(later);
  await until('all is committed', isCommitted);
  expect(right.ids()).toEqual(expect.arrayContaining(idsOf(later)));
});

test('commits an offset only when its events are applied', async () => {
  const { start, send, committed } = await setUp();
  const gate = Promise.withResolvers<void>();
  const entered = Promise.withResolvers<void>();
  const { sink } = recorder(async () => {
    entered.resolve();
    await gate.promise;
  });
  await start(sink);
  await send(users(3), 0);
  await entered.promise;
  expect(await committed(0)).toBe(0n);
  gate.resolve();
  await until('it is committed', async () => (await committed(0)) === 3n);
});

test('an event that cannot be applied becomes a dead letter, while its partition and the others go on', async () => {
  const { start, send, deadLetters, isCommitted, topic } = await setUp();
  const events = users(100);
  const poison = events[41] as StreamEvent;
  const elsewhere = users(5, 'elsewhere');
  let failures = 0;
  const { sink, ids, batches } = recorder(({ events }) => {
    if (!events.some(({ id }) => id === poison.id)) return;
    if (events.length === 1) failures++;
    return new Error('does not fit into the column');
  });
  await send(events, 0);
  await start(sink);
  await until('the poison is found', () => failures > 0);
  await send(elsewhere, 1);
  await until('the other partition is applied', () => elsewhere.every(({ id }) => ids().includes(id)), 1_000);
  expect(await deadLetters()).toEqual([]);

  await until('all is committed', isCommitted);
  expect(failures).toBe(5);
  expect(ids().filter((id) => !idsOf(elsewhere).includes(id))).toEqual(idsOf(events.filter((e) => e !== poison)));
  expect(await deadLetters()).toEqual([
    expect.objectContaining({
      sink: name,
      eventId: poison.id,
      type: poison.type,
      topic,
      partition: 0,
      offset: '41',
      reason: 'does not fit into the column',
      message: { encoding: 'utf8', key: poison.subject, value: JSON.stringify(poison) },
    }),
  ]);
  // A store's own position has to move past it as well.
  const ofPartition = batches.filter(({ partition }) => partition === 0);
  expect(ofPartition.map(({ firstOffset }) => firstOffset).slice(1)).toEqual(
    ofPartition.map(({ nextOffset }) => nextOffset).slice(0, -1),
  );
});

test('a store that is down stalls the sink, which loses nothing and says so once', async () => {
  const { start, send, deadLetters, isCommitted, committed } = await setUp();
  const lines: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line).msg) });
  const store = recorder();
  store.setDown(true);
  const events = users(40);
  await send(events);
  await start(store.sink, logger);
  // More often than an event may fail: with a store that takes no probe write it is still no dead letter.
  await until('the store has failed many times', () => store.failedProbes() > 10);
  expect(await committed(0)).toBe(0n);
  store.setDown(false);
  await until('all is committed', isCommitted);
  expect(sorted(store.ids())).toEqual(sorted(idsOf(events)));
  expect(await deadLetters()).toEqual([]);
  expect(lines).toEqual([
    `the store of sink ${name} is out of reach; waiting and trying again`,
    `the store of sink ${name} is back`,
  ]);
});

test('feeds a store that keeps its own position from there, and again from the beginning when it lost all', async () => {
  const { start, send, isCommitted, committed } = await setUp();
  const positions = new Map<number, bigint>();
  const store = recorder();
  const sink: Sink = {
    ...store.sink,
    async apply(batch) {
      const position = positions.get(batch.partition) ?? 0n;
      if (position < batch.firstOffset) throw new Rewind(position);
      await store.sink.apply(batch);
      if (batch.nextOffset > position) positions.set(batch.partition, batch.nextOffset);
    },
    positions: async () => positions,
  };
  const events = users(30);
  await send(events, 2);
  const worker = await start(sink);
  await until('all is committed', isCommitted);
  await worker.stop();

  // Restored from an older file.
  positions.set(2, 10n);
  store.batches.length = 0;
  await start(sink);
  // At once, and not only when the idle store is looked after.
  await until('it caught up', () => positions.get(2) === 30n, 1_500);
  expect(store.ids()).toEqual(idsOf(events.slice(10)));

  // Emptied under the running sink: found by the next event …
  await until('all is committed', isCommitted);
  store.batches.length = 0;
  positions.clear();
  const more = users(1, 'more');
  await send(more, 2);
  await until('it caught up', () => positions.get(2) === 31n);
  expect(store.ids()).toEqual(idsOf([...events, ...more]));

  // … and without one.
  await until('all is committed', isCommitted);
  store.batches.length = 0;
  positions.clear();
  await until('it caught up', () => positions.get(2) === 31n);
  expect(store.ids()).toEqual(idsOf([...events, ...more]));
  await until('all is committed', async () => (await committed(2)) === 31n);
});

test('skips types that it does not know, and keeps what is no event at all as dead letters', async () => {
  const { start, send, sendRaw, deadLetters, isCommitted } = await setUp();
  const [first, last] = users(2);
  if (!first || !last) throw new Error('two users');
  await send([first], 0);
  await sendRaw(JSON.stringify({ ...first, id: crypto.randomUUID(), type: 'user.levitated', data: {} }));
  await sendRaw('{"half": ');
  await sendRaw(null);
  const invalid = { ...first, id: crypto.randomUUID(), data: { userId: 7 } };
  await sendRaw(JSON.stringify(invalid));
  await send([last], 0);
  const store = recorder();
  await start(store.sink);
  await until('all is committed', isCommitted);
  expect(store.ids()).toEqual([first.id, last.id]);
  expect((await deadLetters()).map(({ offset, eventId }) => ({ offset, eventId }))).toEqual([
    { offset: '2', eventId: null },
    { offset: '3', eventId: null },
    { offset: '4', eventId: invalid.id },
  ]);
});

test('redrive applies a dead letter and takes it back; one that still fails stays', async () => {
  const { start, send, producer, names, deadLetters, isCommitted } = await setUp();
  const [poison] = users(1);
  if (!poison) throw new Error('one user');
  let isMended = false;
  const store = recorder(({ events }) => (events.length > 0 && !isMended ? new Error('refused') : undefined));
  await send([poison], 3);
  await start(store.sink);
  await until('all is committed', isCommitted);
  const [letter] = await deadLetters();
  if (!letter) throw new Error('no dead letter');

  const options = { sink: store.sink, consumes, sender: producer, topic: names.deadLetters };
  await expect(redrive(letter, options)).rejects.toThrow('refused');
  expect(await deadLetters()).toHaveLength(1);
  isMended = true;
  await redrive(letter, options);
  expect(await deadLetters()).toEqual([]);
  expect(store.ids()).toEqual([poison.id]);
});

test('redrive has the patience of a sink, not that of a page', async () => {
  const { start, send, producer, names, deadLetters, isCommitted } = await setUp();
  const seam = createSeam({ store: name, timeoutMs: 50, isOutage: () => false });
  let isMended = false;
  const store = recorder(async ({ events }) => {
    if (events.length === 0) return undefined;
    return isMended ? await seam('slow', () => delay(200)) : new Error('refused');
  });
  await send(users(1), 0);
  await start(store.sink);
  await until('all is committed', isCommitted);
  const [letter] = await deadLetters();
  if (!letter) throw new Error('no dead letter');
  isMended = true;
  await redrive(letter, { sink: store.sink, consumes, sender: producer, topic: names.deadLetters });
  expect(await deadLetters()).toEqual([]);
});

test('redrive leaves the position of a store that keeps its own where it is', async () => {
  const { start, send, producer, names, deadLetters, isCommitted } = await setUp();
  const [poison, ...others] = users(4);
  if (!poison) throw new Error('some users');
  let position = 0n;
  let isMended = false;
  const store = recorder(({ events }) =>
    !isMended && events.some(({ id }) => id === poison.id) ? new Error('no') : 0,
  );
  const sink: Sink = {
    ...store.sink,
    async apply(batch) {
      if (batch.partition !== 0) return;
      if (batch.firstOffset > position) throw new Rewind(position);
      await store.sink.apply(batch);
      position = batch.nextOffset;
    },
    positions: async () => new Map([[0, position]]),
  };
  await send([poison, ...others], 0);
  await start(sink);
  await until('all is committed', isCommitted);
  const [letter] = await deadLetters();
  if (!letter) throw new Error('no dead letter');
  isMended = true;
  await redrive(letter, { sink, consumes, sender: producer, topic: names.deadLetters });
  expect(position).toBe(4n);
  expect(store.ids()).toEqual(idsOf([...others, poison]));
  expect(await deadLetters()).toEqual([]);
});

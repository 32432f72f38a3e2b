import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { registry } from '../gateway/registry.ts';
import { readSamples, sumOf } from '../test/scrape.ts';
import { runSink } from './consumer.ts';
import { countFanout } from './counters.ts';
import { tell } from './observe.ts';
import { Rewind, type Sink } from './sink.ts';
import { endsOf, openTestKafka, silent, until, userEvent } from './testing.ts';
import { ensureTopics } from './topics.ts';

const counted = async (name: string, labels: Record<string, string>) =>
  sumOf(readSamples(await registry.metrics()), `streamshop_${name}`, labels);

test('counts what a sink applies, tries again, buries, and what its store wants again', async () => {
  const sink = `test-${randomUUID().slice(0, 8)}`;
  countFanout([], [sink]);
  const kafka = await openTestKafka();
  const { names, admin } = kafka;
  const producer = kafka.kafka.producer();
  onTestFinished(async () => {
    await producer.disconnect();
    await kafka[Symbol.asyncDispose]();
  });
  await ensureTopics(admin, { names, topics: ['user_events'], sinks: [sink] });
  await endsOf(admin, names.topic('user_events'));
  await producer.connect();
  for (const [name, labels] of [
    ['sink_commit_to_applied_seconds_count', {}],
    ['sink_retries_total', {}],
    ['sink_dead_letters_total', {}],
    ['sink_rewinds_total', {}],
  ] as const) {
    expect(await counted(name, { sink, ...labels }), name).toBe(0);
  }

  const events = ['a', 'poison', 'b'].map((id) => userEvent(id));
  let isDown = true;
  let hasLost = false;
  /** A store that is down at first, does not take the second event, and once forgets all that it has. */
  const store: Sink = {
    async apply(batch) {
      if (isDown) throw new Error('connection refused');
      if (batch.events.some(({ subject }) => subject === 'poison')) throw new Error('malformed');
      if (!hasLost && batch.firstOffset === 3n) {
        hasLost = true;
        throw new Rewind(2n);
      }
    },
    async probe() {
      if (isDown) throw new Error('connection refused');
    },
    verify: async () => [],
  };
  const send = (sent: typeof events) =>
    producer.send({
      topic: names.topic('user_events'),
      messages: sent.map((event) => ({ key: event.subject, value: JSON.stringify(event), partition: 0 })),
    });
  await send(events);
  const start = (tested: Sink) => {
    const options = { name: sink, consumes: ['user.signed_up'] as const, settings: kafka.settings, names };
    const worker = runSink({ ...options, sink: tested, logger: silent });
    onTestFinished(() => worker.stop());
    return worker;
  };
  const worker = start(store);

  await until(
    'the outage was met',
    async () => ((await counted('sink_retries_total', { sink, reason: 'store' })) ?? 0) > 0,
  );
  isDown = false;
  const applied = () => counted('sink_commit_to_applied_seconds_count', { sink });
  await until('the two good ones are applied', async () => (await applied()) === 2);
  expect(await counted('sink_retries_total', { sink, reason: 'event' })).toBe(4);
  expect(await counted('sink_retries_total', { sink, reason: 'batch' })).toBeGreaterThanOrEqual(1);
  expect(await counted('sink_dead_letters_total', { sink })).toBe(1);

  await send([userEvent('c')]);
  await until(
    'the new one is applied, and the last before it for the second time',
    async () => (await applied()) === 4,
  );
  expect(await counted('sink_rewinds_total', { sink })).toBe(1);
  expect(await counted('sink_commit_to_applied_seconds_bucket', { sink, le: '+Inf' })).toBe(4);
  expect(await counted('sink_commit_to_applied_seconds_sum', { sink })).toBeGreaterThan(0);

  // While nobody worked, the store lost what it had; it keeps its own position from now on.
  await worker.stop();
  let position = 0n;
  start({
    ...store,
    async apply({ nextOffset }) {
      position = nextOffset;
    },
    positions: async () => new Map([[0, position]]),
  });
  await until('all four are applied anew', async () => (await applied()) === 8);
  expect(await counted('sink_rewinds_total', { sink })).toBe(2);
});

test('an event of a topic that the program does not know makes no series of its own', async () => {
  countFanout(['postgres'], []);
  const before = (await counted('events_published_total', { topic: 'watch_events' })) ?? 0;
  tell({ what: 'published', topic: `topic-${randomUUID()}` });
  const samples = readSamples(await registry.metrics());
  const topics = samples.flatMap(({ labels }) => labels.topic ?? []);
  expect(topics).toContain('other');
  expect(topics.filter((topic) => topic.startsWith('topic-'))).toEqual([]);
  expect(await counted('events_published_total', { topic: 'watch_events' })).toBe(before);
});

import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { readSettings } from '../config.ts';
import { createSeam } from '../gateway/seam.ts';
import { type CollectedSpan, startCollector } from '../gateway/testing-collector.ts';
import { startTracing } from '../gateway/tracing.ts';
import type { StreamEvent } from '../schema/events/index.ts';
import { runSink } from './consumer.ts';
import { fetchCommitted, fetchWatermarks } from './offsets.ts';
import { postgresOutbox } from './postgres-outbox.ts';
import { startRelay } from './relay.ts';
import type { Sink } from './sink.ts';
import {
  insertOutbox,
  openTestDatabase,
  openTestKafka,
  silent,
  type TestDatabase,
  type TestKafka,
  until,
  userEvent,
} from './testing.ts';
import { ensureTopics } from './topics.ts';

const name = 'traced';
const seam = createSeam({ store: 'shelf', timeoutMs: 5_000, isOutage: () => false });

let kafka: TestKafka;
let database: TestDatabase;
let topic: string;

beforeAll(async () => {
  kafka = await openTestKafka();
  database = await openTestDatabase(kafka.settings);
  topic = kafka.names.topic('user_events');
});
afterAll(async () => {
  await database?.[Symbol.asyncDispose]();
  await kafka?.[Symbol.asyncDispose]();
});

/** An event, caused by a command's span where it is traced. */
function newEvent({ isTraced = true, time = new Date() } = {}) {
  const [traceId, commandId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
  const event: StreamEvent = {
    ...userEvent('same-user'),
    time: time.toISOString(),
    ...(isTraced && { traceparent: `00-${traceId}-${commandId}-01` }),
  };
  return { event, traceId, commandId };
}

/** A sink whose writes pass a seam, and that refuses the given events. */
const sinkOf = (applied: string[], refused: readonly string[] = []): Sink => ({
  apply: ({ events }) =>
    seam('PUT $1', async () => {
      if (events.some(({ id }) => refused.includes(id))) throw new Error('refused');
      applied.push(...events.map(({ id }) => id));
    }),
  probe: async () => {},
  verify: async () => [],
});

/** Leads events through a relay and a sink of this process, and gives the spans that it exported. */
async function spansOf(
  events: readonly StreamEvent[],
  { refused, isRelayed = true }: { refused?: string[]; isRelayed?: boolean } = {},
): Promise<CollectedSpan[]> {
  await using collector = await startCollector();
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.url);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  const { settings, names, admin } = kafka;
  const makeTopics = () => ensureTopics(admin, { names, topics: ['user_events'], sinks: [name] });
  // A busy broker may not know yet what it has just made.
  await until('the topics are there', () =>
    makeTopics().then(
      () => true,
      () => false,
    ),
  );
  {
    await using _tracing = await startTracing({ role: 'workers', settings: readSettings(), logger: silent });
    await (isRelayed ? relay(events) : publish(events));
    const applied: string[] = [];
    const sink = sinkOf(applied, refused);
    const worker = runSink({ name, sink, consumes: ['user.signed_up'], settings, logger: silent, names });
    const wanted = events.filter(({ id }) => !refused?.includes(id));
    await until('all are applied', () => wanted.every(({ id }) => applied.includes(id)));
    // What a sink leaves uncommitted comes again, in the next test.
    await until('all is committed', isCommitted);
    await worker.stop();
  }
  return collector.spans;
}

async function isCommitted(): Promise<boolean> {
  const { admin, names } = kafka;
  const committed = (await fetchCommitted(admin, names.group(name), [topic])).get(topic);
  const marks = [...((await fetchWatermarks(admin, [topic])).get(topic) ?? [])];
  return marks.every(([partition, { high }]) => committed?.get(partition) === high);
}

/** In one transaction, and so in one request to Kafka and one batch of the sink. */
async function relay(events: readonly StreamEvent[]): Promise<void> {
  const client = await database.connect();
  await client.query('BEGIN');
  for (const event of events) await insertOutbox(client, topic, event);
  await client.query('COMMIT');
  const { settings, names } = kafka;
  const outbox = postgresOutbox({ ...settings.postgres, url: database.url });
  const worker = startRelay({ outbox, settings, logger: silent, names });
  await until('the outbox is empty', async () => (await client.query('SELECT FROM outbox')).rowCount === 0);
  await worker.stop();
}

/** As a relay does that does not trace. */
async function publish(events: readonly StreamEvent[]): Promise<void> {
  const producer = kafka.kafka.producer();
  await producer.connect();
  await producer.send({
    topic,
    messages: events.map((event) => ({ key: event.subject, value: JSON.stringify(event) })),
  });
  await producer.disconnect();
}

const named = (spans: readonly CollectedSpan[], text: string, traceId: string) =>
  spans.filter((span) => span.name.startsWith(text) && span.traceId === traceId);

test('events of one batch are each sent and processed in their own trace, the store call in the first', async () => {
  const [first, second, untraced] = [newEvent(), newEvent(), newEvent({ isTraced: false })];
  const spans = await spansOf([first.event, second.event, untraced.event]);

  for (const { traceId, commandId, event } of [first, second]) {
    const [send, ...otherSends] = named(spans, 'send', traceId);
    const [process, ...otherProcesses] = named(spans, 'process', traceId);
    expect([otherSends, otherProcesses]).toEqual([[], []]);
    expect(send).toMatchObject({ name: `send ${topic}`, kind: 'producer', parentSpanId: commandId });
    expect(process).toMatchObject({ name: `process ${topic}`, kind: 'consumer', parentSpanId: send?.spanId });
    const where = {
      'messaging.system.name': 'kafka',
      'messaging.destination.name': topic,
      'messaging.message.id': event.id,
      'messaging.destination.partition.id': expect.any(String),
      'kafka.offset': expect.anything(),
    };
    expect(send?.attributes).toEqual({
      ...where,
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
    });
    expect(process?.attributes).toEqual({
      ...where,
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.consumer.group.name': kafka.names.group(name),
      'messaging.batch.message_count': 3,
      'streamshop.sink': name,
    });
    expect(process?.attributes['kafka.offset']).toEqual(send?.attributes['kafka.offset']);
  }
  const [leading] = named(spans, 'process', first.traceId);
  const [following] = named(spans, 'process', second.traceId);
  expect(leading?.links).toEqual([following?.spanId]);
  expect(following?.links).toEqual([leading?.spanId]);
  expect(spans.filter(({ kind }) => kind === 'client')).toMatchObject([{ parentSpanId: leading?.spanId }]);
  // Two events, each sent and processed, and one store call.
  expect(spans).toHaveLength(5);
});

test('events without a trace make no spans', async () => {
  const events = [newEvent({ isTraced: false }).event, newEvent({ isTraced: false }).event];
  expect(await spansOf(events)).toEqual([]);
});

test('an event that somebody else published goes on below its command', async () => {
  const { event, traceId, commandId } = newEvent();
  const spans = await spansOf([event], { isRelayed: false });
  expect(named(spans, 'process', traceId)).toMatchObject([{ parentSpanId: commandId }]);
});

test('an old event that is replayed is no part of its trace any more', async () => {
  const { event } = newEvent({ time: new Date(Date.now() - 2 * 3_600_000) });
  expect(await spansOf([event], { isRelayed: false })).toEqual([]);
});

test('a dead letter shows in the trace of its event alone', async () => {
  const [good, bad] = [newEvent(), newEvent()];
  const spans = await spansOf([bad.event, good.event], { refused: [bad.event.id] });
  expect(named(spans, 'process', good.traceId)).toMatchObject([{ isError: false }]);
  const [dead] = named(spans, 'process', bad.traceId);
  expect(dead).toMatchObject({ isError: true, attributes: { 'error.type': 'dead_letter' } });
});

test('what is no traceparent does no harm', async () => {
  expect(await spansOf([{ ...newEvent().event, traceparent: 'tomorrow' }])).toEqual([]);
});

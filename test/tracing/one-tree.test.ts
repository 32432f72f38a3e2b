import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type CollectedSpan, startCollector, type TestCollector } from '../../gateway/testing-collector.ts';
import { MoviePageDocument, RecordWatchDocument, type TypedDocumentString } from '../../schema/generated/graphql.ts';
import { rooms } from '../../subgraphs/index.ts';
import { control } from '../control.ts';
import { type AskOptions, ask, newUser, settings, until, watchInput } from '../harness.ts';
import { startRole, type TestRole } from '../role.ts';

let collector: TestCollector;
let gateway: TestRole;
let workers: TestRole;
let endpoint: string;
/** What makes a role export its traces. */
let tracing: Record<string, string>;

// The stack's own workers do not export: others take their place, and a gateway stands beside the stack's.
beforeAll(async () => {
  collector = await startCollector();
  tracing = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '100' };
  await control(settings, 'stopOne', 'workers');
  workers = startRole(['fanout/main.ts'], tracing);
  gateway = startRole(['gateway/main.ts'], { ...tracing, PORT: '0' });
  await workers.ready;
  endpoint = String((await gateway.ready).url);
}, 240_000);
afterAll(async () => {
  await Promise.all([gateway?.stop(), workers?.stop()]);
  await control(settings, 'start', 'workers');
  await collector?.[Symbol.asyncDispose]();
});

/** A client that traces as well: its span is the root of all that the request causes. */
function newTrace({ isSampled = true, url = endpoint } = {}) {
  const traceId = randomBytes(16).toString('hex');
  const clientId = randomBytes(8).toString('hex');
  const own = () => collector.spans.filter((span) => span.traceId === traceId);
  return {
    traceId,
    clientId,
    spans: own,
    ask: <Data, Variables>(query: string | TypedDocumentString<Data, Variables>, options: AskOptions<Variables>) =>
      ask(query, {
        ...options,
        url,
        headers: { ...options.headers, traceparent: `00-${traceId}-${clientId}-${isSampled ? '01' : '00'}` },
      }),
    /** The spans between a span and the client's, nearest first; without an end where one is missing. */
    above(span: CollectedSpan): (CollectedSpan | 'client' | 'missing')[] {
      if (span.parentSpanId === clientId) return ['client'];
      const parent = own().find(({ spanId }) => spanId === span.parentSpanId);
      return parent ? [parent, ...this.above(parent)] : ['missing'];
    },
    isWhole(): boolean {
      return own().every((span) => this.above(span).at(-1) === 'client');
    },
  };
}

/** Longer than the group needs to give its partitions to a sink that has just joined. */
const untilProcessedMs = 45_000;

const namesOf = (path: readonly (CollectedSpan | string)[]) =>
  path.map((span) => (typeof span === 'string' ? span : span.name));

/**
 * Waits until each of the sinks has told how it processed the trace's event, and no parent is under way any more. A sink may
 * do so twice, as after it lost its partitions, and its first try may fail: only those that went well are given.
 */
async function untilProcessed(trace: ReturnType<typeof newTrace>, topic: string, sinks: readonly string[]) {
  const processed = () => trace.spans().filter(({ name, isError }) => name === `process ${topic}` && !isError);
  const hasCome = async () => {
    const told = new Set(processed().map(({ attributes }) => attributes['streamshop.sink']));
    return sinks.every((sink) => told.has(sink)) && trace.isWhole();
  };
  await until(`the spans of ${sinks.join(', ')} have come`, hasCome, untilProcessedMs);
  return processed();
}

const consumersOf = (type: string) =>
  rooms.filter(({ consumes }) => (consumes as readonly string[] | undefined)?.includes(type)).map(({ name }) => name);

test('a watch is one tree, from the request through the outbox to the store calls of each sink', async () => {
  const user = await newUser();
  const trace = newTrace();
  const input = watchInput({ movieId: 'm131' });
  const { data } = await trace.ask(RecordWatchDocument, { token: user.token, variables: { input } });
  const eventId = data.recordWatch?.event.id;

  const sinks = consumersOf('watch.recorded');
  expect(sinks.length).toBeGreaterThanOrEqual(5);
  const processed = await untilProcessed(trace, 'watch_events', sinks);
  expect(new Set(processed.map(({ attributes }) => attributes['streamshop.sink']))).toEqual(new Set(sinks));

  for (const span of processed) {
    const [send, insert, ...above] = trace.above(span) as CollectedSpan[];
    expect(send).toMatchObject({ name: 'send watch_events', kind: 'producer', service: 'streamshop-workers' });
    expect(send?.attributes['messaging.message.id']).toBe(eventId);
    expect(insert).toMatchObject({ kind: 'client', service: 'streamshop-gateway' });
    expect(insert?.attributes).toMatchObject({ 'db.system.name': 'postgresql', 'streamshop.subgraph': 'postgres' });
    expect(namesOf(above)).toEqual(['gateway.fetch', 'gateway.execute', 'gateway.request', 'POST /graphql', 'client']);

    expect(span).toMatchObject({ kind: 'consumer', service: 'streamshop-workers' });
    const sink = span.attributes['streamshop.sink'];
    const calls = trace.spans().filter(({ parentSpanId }) => parentSpanId === span.spanId);
    expect(
      calls.map(({ kind }) => kind),
      `store calls of ${sink}`,
    ).toContain('client');
  }
  const server = trace.spans().find(({ name }) => name === 'POST /graphql');
  expect(server).toMatchObject({ kind: 'server', parentSpanId: trace.clientId });
  expect(server?.attributes).toMatchObject({
    'http.request.method': 'POST',
    'http.route': '/graphql',
    'http.response.status_code': 200,
    'graphql.operation.type': 'mutation',
  });
  const told = collector.bodies.join('\n');
  for (const value of [user.token, user.id, user.email, 'm131', input.idempotencyKey])
    expect(told).not.toContain(value);
});

test('a post, whose outbox is in MongoDB, is one tree as well', async () => {
  const user = await newUser();
  const trace = newTrace();
  const input = { title: `A title ${randomUUID()}`, body: randomUUID(), tags: ['test'], idempotencyKey: randomUUID() };
  const query = 'mutation ($input: CreatePostInput!) { createPost(input: $input) { event { id } } }';
  expect(await trace.ask(query, { token: user.token, variables: { input } })).toMatchObject({ errors: [] });

  for (const span of await untilProcessed(trace, 'post_events', consumersOf('post.changed'))) {
    expect(namesOf(trace.above(span)).slice(0, 1)).toEqual(['send post_events']);
  }
  const told = collector.bodies.join('\n');
  for (const value of [input.title, input.body, input.idempotencyKey]) expect(told).not.toContain(value);
});

test('what goes to Kafka without an outbox is one tree as well', async () => {
  const user = await newUser();
  const trace = newTrace();
  const input = {
    ...{ movieId: 'm131', region: 'eu-west', cdnNode: 'eu-west-1', bufferingCount: 0, averageBitrateKbps: 5_000 },
    measuredAt: new Date().toISOString(),
  };
  const query = 'mutation ($input: ReportPlaybackInput!) { reportPlayback(input: $input) { accepted } }';
  expect(await trace.ask(query, { token: user.token, variables: { input } })).toMatchObject({ errors: [] });
  for (const span of await untilProcessed(trace, 'playback_metrics', consumersOf('playback.reported'))) {
    expect(trace.above(span)[0]).toMatchObject({ name: 'send playback_metrics', kind: 'producer' });
  }
});

test('every store of the movie page has spans below the request, and the X-ray names the trace', async () => {
  const user = await newUser();
  // Whose clients connect only now may be too late for the first page.
  const { trace, extensions } = await until('the page is whole', async () => {
    const trace = newTrace();
    const { errors, extensions } = await trace.ask(MoviePageDocument, {
      token: user.token,
      variables: { id: 'm131' },
      headers: { 'x-streamshop-xray': '1' },
    });
    return errors.length === 0 ? { trace, extensions } : null;
  });
  expect(extensions.xray).toMatchObject({ traceId: trace.traceId });
  await until(
    'the request has been told',
    async () => trace.spans().some(({ name }) => name === 'POST /graphql') && trace.isWhole(),
  );

  const calls = trace.spans().filter(({ kind }) => kind === 'client');
  const systems = new Set(
    calls.map(({ attributes: { 'db.system.name': db, 'messaging.system.name': queue } }) => db ?? queue),
  );
  expect([...systems].sort()).toEqual([
    ...['aws.s3', 'cassandra', 'clickhouse', 'elasticsearch', 'kafka', 'mongodb'],
    ...['neo4j', 'postgresql', 'qdrant', 'questdb', 'redis'],
  ]);
  // The same calls as the X-ray's, no more: no client tells of its own.
  expect(calls).toHaveLength((extensions.xray as { calls: unknown[] }).calls.length);
  const told = collector.bodies.join('\n');
  for (const value of ['m131', user.id, user.token]) expect(told).not.toContain(value);
});

test('a caller who does not sample is not told, nor is what comes of it', async () => {
  const user = await newUser();
  const [untold, told] = [newTrace({ isSampled: false }), newTrace()];
  for (const trace of [untold, told]) {
    const variables = { input: watchInput({ movieId: 'm131' }) };
    expect(await trace.ask(RecordWatchDocument, { token: user.token, variables })).toMatchObject({ errors: [] });
  }
  await untilProcessed(told, 'watch_events', consumersOf('watch.recorded'));
  expect(untold.spans()).toEqual([]);
});

test('the tree goes through a subgraph behind HTTP', { timeout: 180_000 }, async () => {
  const running: TestRole[] = [];
  onTestFinished(async () => {
    await Promise.all(running.map((role) => role.stop()));
  });
  const start = async (program: [string, ...string[]], env: Record<string, string>) => {
    const role = startRole(program, { ...tracing, PORT: '0', ...env });
    running.push(role);
    return await role.ready;
  };
  const subgraph = await start(['gateway/subgraph-main.ts', 'postgres'], {});
  const subgraphUrl = /SUBGRAPH_POSTGRES_URL=(?<url>\S+)/.exec(String(subgraph.msg))?.groups?.url ?? '';
  const split = await start(['gateway/main.ts'], { SUBGRAPH_POSTGRES_URL: subgraphUrl });
  const user = await newUser();
  const trace = newTrace({ url: String(split.url) });
  const variables = { input: watchInput({ movieId: 'm131' }) };
  expect(await trace.ask(RecordWatchDocument, { token: user.token, variables })).toMatchObject({ errors: [] });

  const [process] = await untilProcessed(trace, 'watch_events', consumersOf('watch.recorded'));
  const [_send, insert, server, ...above] = process ? (trace.above(process) as CollectedSpan[]) : [];
  expect(insert).toMatchObject({ kind: 'client', service: 'streamshop-subgraph-postgres' });
  expect(server).toMatchObject({ name: 'POST /graphql', kind: 'server', service: 'streamshop-subgraph-postgres' });
  expect(namesOf(above)).toContain('gateway.fetch');
});

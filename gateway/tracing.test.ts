import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { context, trace } from '@opentelemetry/api';
import pino from 'pino';
import { expect, onTestFinished, test, vi } from 'vitest';
import { readSettings } from '../config.ts';
import { makeEvent } from '../schema/events/make.ts';
import { codedError } from './errors.ts';
import { createSeam, type Statement } from './seam.ts';
import { type CollectedSpan, startCollector, type TestCollector } from './testing-collector.ts';
import { contextBelow, currentTraceId, currentTraceparent, isTraced, startTracing, tracer } from './tracing.ts';

const silent = pino({ level: 'silent' });
const settings = readSettings({});
const traceId = 'a'.repeat(32);
const callerId = 'b'.repeat(16);
const traceparent = `00-${traceId}-${callerId}-01`;

const start = (env: Record<string, string>, logger = silent) => {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  return startTracing({ role: 'gateway', settings, logger });
};

/** All spans that this process makes of `work`, as the collector of a real exporter has them. */
async function spansOf(work: () => Promise<unknown>, env: Record<string, string> = {}): Promise<CollectedSpan[]> {
  await using collector: TestCollector = await startCollector();
  {
    await using _tracing = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...env });
    await work();
  }
  return collector.spans;
}

/** Runs `work` below a span of another process. */
const below = <T>(parent: string, work: () => Promise<T>): Promise<T> => context.with(contextBelow(parent), work);

const inSpan = <T>(name: string, work: () => Promise<T>): Promise<T> =>
  tracer().startActiveSpan(name, (span) => work().finally(() => span.end()));

const seamOf = (store: string) => createSeam({ store, timeoutMs: 1_000, isOutage: () => false });
const ask = (store: string, statement: string | Statement, work = async (): Promise<unknown> => []) =>
  seamOf(store)(statement, work);
const event = () =>
  makeEvent('/streamshop/kafka', 'post.viewed', {
    ...{ key: 'p1', subject: 'p1', version: 1, actor: 'u1' },
    data: { postId: 'p1', userId: 'u1', viewedAt: new Date().toISOString() },
  }).event;

test('without a collector in the environment nothing is registered and nothing is traced', async () => {
  await using _tracing = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: '' });
  expect(trace.getTracer('any').startSpan('any').isRecording()).toBe(false);
  await below(traceparent, async () => {
    expect(trace.getSpan(context.active())).toBeUndefined();
    expect([isTraced(), currentTraceId(), currentTraceparent()]).toEqual([false, null, undefined]);
    expect(event()).not.toHaveProperty('traceparent');
  });
});

test('OTEL_SDK_DISABLED has the last word', async () => {
  expect(await spansOf(() => inSpanBelow('read'), { OTEL_SDK_DISABLED: 'True' })).toEqual([]);
});

const inSpanBelow = (name: string) => below(traceparent, () => inSpan(name, async () => {}));

test('a remote trace goes on, and what it runs knows it', async () => {
  const spans = await spansOf(() =>
    below(traceparent, () =>
      inSpan('read', async () => {
        expect([isTraced(), currentTraceId()]).toEqual([true, traceId]);
        expect(event().traceparent).toBe(currentTraceparent());
      }),
    ),
  );
  expect(spans).toMatchObject([{ traceId, parentSpanId: callerId, name: 'read', service: 'streamshop-gateway' }]);
});

test('a store call outside of a trace makes no span', async () => {
  expect(await spansOf(() => ask('redis', 'GET $1'))).toEqual([]);
});

test('a store call is a client span with its statement, and what it does stands below it', async () => {
  const spans = await spansOf(() =>
    below(traceparent, () =>
      ask('postgres', { text: 'SELECT id, title FROM movies WHERE id = ANY($1)', parameters: [['m-secret']] }, () =>
        inSpan('inside', async () => [1, 2, 3]),
      ),
    ),
  );
  const [inside, call] = spans;
  expect(call).toMatchObject({ name: 'SELECT movies', kind: 'client', parentSpanId: callerId, isError: false });
  expect(call?.attributes).toEqual({
    'db.system.name': 'postgresql',
    'db.query.text': 'SELECT id, title FROM movies WHERE id = ANY($1)',
    'db.query.summary': 'SELECT movies',
    'db.collection.name': 'movies',
    'db.namespace': 'streamshop',
    'db.response.returned_rows': 3,
    'server.address': '127.0.0.1',
    'server.port': 15432,
    'streamshop.attempts': 1,
  });
  expect(inside?.parentSpanId).toBe(call?.spanId);
});

test('a statement that is known only at the end names the span all the same', async () => {
  const [span] = await spansOf(() =>
    below(traceparent, () =>
      seamOf('mongo')('…', async (_signal, _budgetMs, call) => {
        call.statement = 'db.posts.find({ _id: { $in: $1 } })';
      }),
    ),
  );
  expect(span?.name).toBe('find posts');
  expect(span?.attributes['db.query.text']).toBe('db.posts.find({ _id: { $in: $1 } })');
});

test('a failed call tells its code and not its text', async () => {
  await using collector = await startCollector();
  {
    await using _tracing = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    const failing = () => ask('redis', 'GET $1', () => Promise.reject(codedError('STORE_TIMEOUT', 'over m-secret')));
    await below(traceparent, failing).catch(() => {});
    await below(traceparent, () => ask('redis', 'GET $1', () => Promise.reject(new Error('m-secret')))).catch(() => {});
  }
  const errors = collector.spans.map(({ isError, attributes }) => [isError, attributes['error.type']]);
  expect(errors).toEqual([
    [true, 'STORE_TIMEOUT'],
    [true, 'STORE_ERROR'],
  ]);
  expect(collector.bodies.join()).not.toContain('m-secret');
});

test('whoever began the trace decides whether it is told, and the sampler where nobody did', async () => {
  const unsampled = () =>
    below(traceparent.replace(/01$/, '00'), async () => {
      await inSpan('read', async () => {});
      expect(isTraced()).toBe(false);
      expect(event()).not.toHaveProperty('traceparent');
      // Whoever goes on with it elsewhere must not begin to tell it.
      expect(currentTraceparent()).toBe(traceparent.replace(/01$/, '00'));
    });
  expect(await spansOf(unsampled)).toEqual([]);

  const root = () => trace.getTracer('any').startSpan('root').end();
  expect(await spansOf(async () => root())).toHaveLength(1);
  expect(await spansOf(async () => root(), { OTEL_TRACES_SAMPLER: 'parentbased_always_off' })).toEqual([]);
  const ratio = (arg: string) => ({ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: arg });
  expect(await spansOf(async () => root(), ratio('0'))).toEqual([]);
  expect(await spansOf(async () => root(), ratio('all of them'))).toHaveLength(1);
  expect(await spansOf(async () => root(), { OTEL_TRACES_SAMPLER: 'constructor' })).toHaveLength(1);
});

test('the environment names the service and its resource', async () => {
  const [span] = await spansOf(() => inSpanBelow('read'), {
    OTEL_SERVICE_NAME: 'shop',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test,service.name=other',
  });
  expect(span?.resource).toMatchObject({ 'service.name': 'shop', 'deployment.environment.name': 'test' });
});

/** What is logged at a level and above, and the URL of a collector that is not there. */
async function deadCollector() {
  const collector = await startCollector();
  await collector[Symbol.asyncDispose]();
  const lines: { level: number; msg: string }[] = [];
  const logger = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const told = (level: number) => lines.filter((line) => line.level === level).map(({ msg }) => msg);
  return { url: collector.url, logger, told };
}

test('a dead collector is logged once, however often it fails, and once when it is back', async () => {
  const { url, logger, told } = await deadCollector();
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_TIMEOUT: '50', OTEL_BSP_SCHEDULE_DELAY: '5' };
  await using _tracing = await start(env, logger);
  const { info, warn, debug } = pino.levels.values as Record<'info' | 'warn' | 'debug', number>;
  const failures = () => told(debug).filter((message) => message === 'the OpenTelemetry SDK failed').length;
  const exportUntil = (condition: () => boolean) =>
    expect.poll(() => inSpanBelow('read').then(condition), { timeout: 30_000 }).toBe(true);

  await exportUntil(() => failures() >= 3);
  expect(told(warn)).toEqual(['the collector takes no traces; going on without']);
  await using collector = await startCollector(Number(new URL(url).port));
  await exportUntil(() => collector.spans.length > 0);
  await exportUntil(() => told(info).length > 0);
  expect(told(info)).toEqual(['the collector takes traces again']);
});

test('the end of a process does not wait for a collector that does not answer', async () => {
  const server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const tracing = await start({
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  });
  await inSpanBelow('read');
  const startedAt = performance.now();
  await tracing[Symbol.asyncDispose]();
  // The exporter itself would wait ten seconds.
  expect(performance.now() - startedAt).toBeLessThan(8_000);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

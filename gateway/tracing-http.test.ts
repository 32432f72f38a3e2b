import fastify, { type RouteHandlerMethod } from 'fastify';
import pino from 'pino';
import { expect, onTestFinished, test, vi } from 'vitest';
import { readSettings } from '../config.ts';
import { type CollectedSpan, startCollector } from './testing-collector.ts';
import { startTracing } from './tracing.ts';
import { tracedHandler } from './tracing-http.ts';

const traceId = 'a'.repeat(32);
const callerId = 'b'.repeat(16);
const fromCaller = { headers: { traceparent: `00-${traceId}-${callerId}-01` } };

interface Caller {
  headers?: Record<string, string>;
  env?: Record<string, string>;
}

/** The spans of one request of a server whose route `/graphql` has the handler. */
async function spansOf(handler: RouteHandlerMethod, path: string, { headers = {}, env = {} }: Caller = {}) {
  await using collector = await startCollector();
  for (const [name, value] of Object.entries({ ...env, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }))
    vi.stubEnv(name, value);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  const http = fastify();
  const settings = readSettings(env);
  {
    await using _tracing = await startTracing({ role: 'gateway', settings, logger: pino({ level: 'silent' }) });
    http.get('/graphql', tracedHandler(handler, settings));
    const address = await http.listen({ host: '127.0.0.1', port: 0 });
    await (await fetch(address + path, { headers })).text();
    await http.close();
  }
  expect(collector.bodies.join()).not.toContain('m-secret');
  return collector.spans as readonly CollectedSpan[];
}

test('a request is a server span below its caller, without its query string', async () => {
  const path = '/graphql?variables=%7B%22id%22%3A%22m-secret%22%7D';
  const [span, ...others] = await spansOf(async () => ({}), path, fromCaller);
  expect(others).toEqual([]);
  expect(span).toMatchObject({ name: 'GET /graphql', kind: 'server', traceId, parentSpanId: callerId, isError: false });
  expect(span?.attributes).toEqual({
    'http.request.method': 'GET',
    'http.route': '/graphql',
    'http.response.status_code': 200,
    'url.path': '/graphql',
    'url.scheme': 'http',
  });
});

test('a caller without a trace, or with what is none, begins a new one', async () => {
  for (const headers of [{}, { traceparent: 'tomorrow' }] as Record<string, string>[]) {
    expect(await spansOf(async () => ({}), '/graphql', { headers })).toMatchObject([{ parentSpanId: '' }]);
  }
});

test('in production a caller cannot overrule the sampling: their span is linked, not gone on with', async () => {
  const ask = (env: Record<string, string>) => spansOf(async () => ({}), '/graphql', { ...fromCaller, env });
  const [span, ...others] = await ask({ NODE_ENV: 'production' });
  expect(others).toEqual([]);
  expect(span).toMatchObject({ parentSpanId: '', links: [callerId] });
  expect(span?.traceId).not.toBe(traceId);

  const sampled = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' };
  expect(await ask({ ...sampled, NODE_ENV: 'production' })).toEqual([]);
  expect(await ask(sampled)).toMatchObject([{ traceId, parentSpanId: callerId, links: [] }]);
});

test('a fault of the server is an error, a fault of the client is none', async () => {
  const answering = (status: number) => spansOf(async (_, reply) => reply.code(status).send('m-secret'), '/graphql');
  expect(await answering(400)).toMatchObject([{ isError: false, attributes: { 'http.response.status_code': 400 } }]);
  expect(await answering(503)).toMatchObject([{ isError: true, attributes: { 'error.type': '503' } }]);
  const thrown = await spansOf(() => Promise.reject(new Error('m-secret')), '/graphql');
  expect(thrown).toMatchObject([{ isError: true, attributes: { 'http.response.status_code': 500 } }]);
});

test('without tracing a handler stays as it is', () => {
  const handler: RouteHandlerMethod = async () => ({});
  expect(tracedHandler(handler, { isProduction: true })).toBe(handler);
});

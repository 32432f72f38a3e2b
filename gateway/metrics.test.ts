import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import fastify from 'fastify';
import { expect, onTestFinished, test } from 'vitest';
import { root } from '../config.ts';
import { ask, settings, until } from '../test/harness.ts';
import { metricsUrls, readSamples, type Sample, scrapeFrom, sumOf } from '../test/scrape.ts';
import { codedError } from './errors.ts';
import { isNetworkError } from './guard.ts';
import { type MetricsAccess, serveMetrics } from './metrics.ts';
import { openRooms } from './open.ts';
import { registry } from './registry.ts';
import { createSeam } from './seam.ts';
import { measureStores } from './store-metrics.ts';

const scrapeGateway = () => scrapeFrom(metricsUrls(settings).gateway);
const scrapeHere = async () => readSamples(await registry.metrics());
const moviePage = readFileSync(join(root, 'schema', 'operations', 'movie-page.graphql'), 'utf8');

/** By how much a counter rose. */
const rise = (before: Sample[], after: Sample[]) => (name: string, labels: Record<string, string>) =>
  (sumOf(after, name, labels) ?? 0) - (sumOf(before, name, labels) ?? 0);

test('counts operations by name, type and outcome, their errors by code, and the store calls that they make', async () => {
  const before = await scrapeGateway();
  for (let times = 0; times < 3; times++) await ask('{ movie(id: "m101") { title } }');
  await ask(moviePage, { variables: { id: 'm101' } });
  await ask('{ me { email } }');
  await ask('{ noSuchField }');
  await ask('{ movie(id: "m101") { ');
  const risen = rise(before, await scrapeGateway());

  const operations = 'streamshop_operation_duration_seconds_count';
  expect(risen(operations, { operation: 'other', type: 'query', outcome: 'ok' })).toBeGreaterThanOrEqual(3);
  expect(risen(operations, { operation: 'MoviePage', type: 'query' })).toBeGreaterThanOrEqual(1);
  expect(risen(operations, { operation: 'other', type: 'none', outcome: 'refused' })).toBeGreaterThanOrEqual(2);
  expect(risen('streamshop_operation_errors_total', { code: 'UNAUTHENTICATED' })).toBeGreaterThanOrEqual(1);
  // Apollo's own codes are none of the table's.
  expect(risen('streamshop_operation_errors_total', { code: 'other' })).toBeGreaterThanOrEqual(2);
  expect(risen('streamshop_store_calls_total', { store: 'postgres' })).toBeGreaterThanOrEqual(4);
  const durations = risen('streamshop_store_call_duration_seconds_count', { store: 'postgres' });
  expect(durations).toBeGreaterThanOrEqual(4);
  expect(risen('streamshop_store_call_duration_seconds_bucket', { store: 'postgres', le: '+Inf' })).toBe(durations);
});

test('no client can make series: 200 names and hostile ones are all "other"', async () => {
  const own = randomUUID().replaceAll('-', '');
  const names = [
    ...Array.from({ length: 200 }, (_, index) => `N${own}${index}`),
    ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', `L${own.repeat(30)}`],
  ];
  const askNamed = (name: string) => ask(`query ${name} { movie(id: "m101") { id } }`);
  await askNamed(`Warm${own}`);
  await ask('{ noSuchField }');
  const before = await scrapeGateway();
  for (const name of names) await askNamed(name);
  for (const operationName of [`a"} 1\nevil_${own} 1`, `${own}\\`, '', '\u0000', own]) {
    await fetch(`http://${settings.gateway.host}:${settings.gateway.port}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: 'query MoviePage { movie(id: "m101") { id } }', operationName }),
    });
  }
  const after = await scrapeGateway();

  expect(
    rise(before, after)('streamshop_operation_duration_seconds_count', { operation: 'other' }),
  ).toBeGreaterThanOrEqual(names.length);
  const operations = new Set(after.flatMap(({ labels }) => labels.operation ?? []));
  expect(operations.size).toBeLessThanOrEqual(globSync('schema/operations/**/*.graphql', { cwd: root }).length + 1);
  expect(JSON.stringify(after)).not.toContain(own);
});

/** A port on which nobody listens, until `open` does. */
async function closedPort() {
  const server = createServer((socket) => socket.end());
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const close = async () => {
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  };
  const port = await listen(0);
  await close();
  onTestFinished(close);
  return { port, open: () => listen(port) };
}

test('follows a store that is down and comes back: its errors, its breaker, and no durations of calls that were not made', async () => {
  const store = `test-${randomUUID()}`;
  const { port, open } = await closedPort();
  const seam = createSeam({ store, timeoutMs: 2_000, isOutage: isNetworkError });
  const call = () =>
    seam('CONNECT', async (signal) => {
      const socket = connect({ port, host: '127.0.0.1', signal });
      await once(socket, 'connect');
      socket.destroy();
    });
  const breaker = (samples: Sample[]) =>
    ['closed', 'half-open', 'open'].map((state) => sumOf(samples, 'streamshop_breaker_state', { store, state }));
  measureStores([store]);
  expect(breaker(await scrapeHere())).toEqual([1, 0, 0]);
  expect(sumOf(await scrapeHere(), 'streamshop_store_errors_total', { store, code: 'STORE_UNAVAILABLE' })).toBe(0);

  for (let times = 0; times < 7; times++) await expect(call()).rejects.toThrow('cannot be reached');
  const down = await scrapeHere();
  expect(breaker(down)).toEqual([0, 0, 1]);
  expect(sumOf(down, 'streamshop_store_calls_total', { store })).toBe(7);
  expect(sumOf(down, 'streamshop_store_errors_total', { store, code: 'STORE_UNAVAILABLE' })).toBe(7);
  expect(sumOf(down, 'streamshop_store_call_duration_seconds_count', { store })).toBe(5);
  expect(sumOf(down, 'streamshop_store_calls_in_flight', { store })).toBe(0);

  await open();
  await until('the breaker lets a probe through', async () => {
    await call();
    return true;
  });
  expect(breaker(await scrapeHere())).toEqual([1, 0, 0]);
});

test('shows what is under way, and each error under its code alone', async () => {
  const store = `test-${randomUUID()}`;
  const seam = createSeam({ store, timeoutMs: 2_000, isOutage: () => false });
  measureStores([store]);
  const answer = Promise.withResolvers<void>();
  const calls = [seam('A', () => answer.promise), seam('B', () => answer.promise)];
  expect(sumOf(await scrapeHere(), 'streamshop_store_calls_in_flight', { store })).toBe(2);
  answer.resolve();
  await Promise.all(calls);
  await expect(seam('C', () => Promise.reject(new Error('syntax')))).rejects.toThrow();
  await expect(seam('D', () => Promise.reject(codedError('NOT_FOUND', 'There is none.')))).rejects.toThrow();
  const samples = await scrapeHere();
  expect(sumOf(samples, 'streamshop_store_calls_in_flight', { store })).toBe(0);
  expect(sumOf(samples, 'streamshop_store_errors_total', { store, code: 'STORE_ERROR' })).toBe(1);
  expect(sumOf(samples, 'streamshop_store_errors_total', { store, code: 'NOT_FOUND' })).toBe(1);
  expect(sumOf(samples, 'streamshop_store_errors_total', { store })).toBe(2);
});

test('tells what Node measures of itself, and where its heap ends', async () => {
  const samples = await scrapeGateway();
  for (const name of ['nodejs_eventloop_lag_p50_seconds', 'nodejs_eventloop_lag_p99_seconds']) {
    expect(sumOf(samples, name)).toBeGreaterThanOrEqual(0);
  }
  expect(sumOf(samples, 'process_cpu_seconds_total')).toBeGreaterThan(0);
  expect(sumOf(samples, 'nodejs_heap_size_used_bytes')).toBeLessThan(
    sumOf(samples, 'streamshop_heap_limit_bytes') ?? 0,
  );
});

/** The status of a scrape. */
async function statusFor(access: MetricsAccess, authorization?: string): Promise<number> {
  const http = fastify();
  onTestFinished(() => http.close());
  serveMetrics(http, openRooms([], settings), access);
  const { statusCode, body } = await http.inject({
    url: '/metrics',
    headers: { ...(authorization && { authorization }) },
  });
  expect(body.includes('streamshop_')).toBe(statusCode === 200);
  return statusCode;
}

test('in production only who shows the token sees them, and without a token nobody', async () => {
  const metricsToken = randomUUID();
  expect(await statusFor({ isProduction: false })).toBe(200);
  expect(await statusFor({ isProduction: true })).toBe(404);
  expect(await statusFor({ isProduction: true, metricsToken: null }, 'Bearer ')).toBe(404);
  expect(await statusFor({ isProduction: true, metricsToken: '' }, 'Bearer ')).toBe(404);
  expect(await statusFor({ isProduction: true, metricsToken })).toBe(401);
  expect(await statusFor({ isProduction: true, metricsToken }, `Bearer ${metricsToken}x`)).toBe(401);
  expect(await statusFor({ isProduction: true, metricsToken }, `Bearer ${metricsToken}`)).toBe(200);
  expect(await statusFor({ isProduction: false, metricsToken })).toBe(401);
});

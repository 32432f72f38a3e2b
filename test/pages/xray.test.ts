import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { beforeAll, expect, test } from 'vitest';
import { root } from '../../config.ts';
import { startGateway } from '../../gateway/server.ts';
import type { FetchNode, PlanNode, XrayReport } from '../../gateway/xray-report.ts';
import { rooms } from '../../subgraphs/index.ts';
import { alice, ask, bob, login, settings } from '../harness.ts';

const moviePage = readFileSync(join(root, 'schema', 'operations', 'movie-page.graphql'), 'utf8');
const headers = { 'x-streamshop-xray': '1' };
const stores = rooms.flatMap(({ name, open }) => (open ? [name] : []));

let tokens: { alice: string; bob: string };

beforeAll(async () => {
  tokens = { alice: await login(alice), bob: await login(bob) };
});

const page = async (token: string, options: { url?: string; headers?: Record<string, string> } = { headers }) =>
  (await ask(moviePage, { token, variables: { id: 'm101' }, ...options })).extensions.xray as XrayReport | undefined;

/** The report of a page that had one. */
async function reportFor(token: string): Promise<XrayReport> {
  const report = await page(token);
  if (!report) throw new Error('there is no X-ray');
  return report;
}

const fetchesOf = (node: PlanNode | null): FetchNode[] => {
  if (!node) return [];
  if (node.kind === 'Fetch') return [node];
  if (node.kind === 'Condition') return [...fetchesOf(node.ifTrue), ...fetchesOf(node.ifFalse)];
  return node.nodes.flatMap(fetchesOf);
};

test('nobody gets one who did not ask', async () => {
  expect(await page(tokens.bob, {})).toBeUndefined();
});

test('tells the plan, and of each store what it was asked, for which fetch, when and how long', async () => {
  const { plan, calls, durationMs } = await reportFor(tokens.alice);
  const fetches = fetchesOf(plan);
  expect(new Set(fetches.map(({ subgraph }) => subgraph))).toEqual(new Set([...stores, 'entry']));
  for (const { ran, subgraph } of fetches) expect(ran, subgraph).toMatchObject({ transport: 'in-process' });

  expect(new Set(calls.map(({ store }) => store))).toEqual(new Set(stores));
  // Who the viewer is, the gateway itself asks.
  const session = { store: 'redis', subgraph: null, fetch: null, statement: expect.stringMatching(/find-session/) };
  expect(calls.filter(({ fetch, subgraph }) => fetch === null || subgraph === null)).toMatchObject([session]);
  const names = new Set<string | null>([...fetches.map(({ name }) => name), null]);
  for (const call of calls) {
    expect(call.error).toBeNull();
    expect(call.startMs).toBeGreaterThanOrEqual(0);
    expect(call.startMs + call.durationMs).toBeLessThanOrEqual(durationMs);
    expect(names).toContain(call.fetch);
    expect(call.statement).not.toBe('');
  }
  expect(calls.map(({ startMs }) => startMs)).toEqual(calls.map(({ startMs }) => startMs).toSorted((a, b) => a - b));
});

test('says how many keys a batch had', async () => {
  const query = '{ topMovies(window: WEEK, first: 5) { movie { title } } }';
  const xray = (await ask(query, { headers })).extensions.xray as XrayReport;
  const titles = xray.calls.find(({ store }) => store === 'postgres');
  expect(titles).toMatchObject({ batch: { keys: 5 }, rows: 5, subgraph: 'postgres' });
});

test('shows values only to the scope xray, and secrets to nobody', async () => {
  const forAlice = await reportFor(tokens.alice);
  for (const { parameters, inShell, statement } of forAlice.calls) {
    expect(inShell).toBeNull();
    expect(statement).not.toContain('m101');
    expect(statement).not.toContain(alice.id);
    for (const parameter of parameters) expect(parameter).not.toHaveProperty('value');
  }
  const forBob = await reportFor(tokens.bob);
  expect(JSON.stringify(forBob.calls)).toContain('m101');
  const session = forBob.calls.find(({ statement }) => statement.includes('find-session'));
  expect(session?.parameters.map(({ type }) => type)).toContain('secret');
  for (const report of [forAlice, forBob])
    for (const token of Object.values(tokens)) expect(JSON.stringify(report)).not.toContain(token);
});

test('in production only those with the scope get one', async () => {
  const production = { ...settings, isProduction: true, gateway: { ...settings.gateway, port: 0 } };
  await using gateway = await startGateway({ settings: production, rooms, logger: pino({ level: 'silent' }) });
  expect(await page(tokens.alice, { url: gateway.url, headers })).toBeUndefined();
  expect((await page(tokens.bob, { url: gateway.url, headers }))?.calls.length).toBeGreaterThan(0);
});

test('a store that fails is told with its code', async () => {
  const dead = {
    ...settings,
    gateway: { ...settings.gateway, port: 0 },
    questdb: { ...settings.questdb, url: 'postgresql://admin:quest@127.0.0.1:1/qdb' },
  };
  await using gateway = await startGateway({ settings: dead, rooms, logger: pino({ level: 'silent' }) });
  const report = await page(tokens.alice, { url: gateway.url, headers });
  const questdb = report?.calls.filter(({ store }) => store === 'questdb') ?? [];
  // A read is asked once more when the connection breaks.
  expect(questdb).toMatchObject([{ error: 'STORE_UNAVAILABLE', attempts: 2, rows: null }]);
});

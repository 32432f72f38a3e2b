import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../../config.ts';
import type { FetchNode, PlanNode, XrayReport } from '../../gateway/xray-report.ts';
import { rooms } from '../../subgraphs/index.ts';
import { alice, ask, askAt, bob, login, settings } from '../harness.ts';
import { startGatewayOverHttp } from '../over-http.ts';

// The page tests once more, unchanged, with every subgraph behind HTTP. What the gateway and its subgraphs log here lies
// with the stack's logs, so that the tests look for secrets in it as well.
const logger = pino({ level: 'info' }, pino.destination(join(settings.home, 'logs', 'over-http.log')));
let gateway: Awaited<ReturnType<typeof startGatewayOverHttp>>;

beforeAll(async () => {
  gateway = await startGatewayOverHttp(logger);
  askAt(gateway.url);
});
afterAll(() => gateway[Symbol.asyncDispose]());

describe('the movie page', async () => void (await import('./movie-page.test.ts')));
describe('the homepage', async () => void (await import('./homepage.test.ts')));
describe('hostile arguments', async () => void (await import('./hostile-arguments.test.ts')));
describe('hostile input', async () => void (await import('./hostile-input.test.ts')));
describe('a stranger’s walk', async () => void (await import('./strangers-walk.test.ts')));

const fetchesOf = (node: PlanNode | null): FetchNode[] => {
  if (!node || node.kind === 'Condition') return [];
  return node.kind === 'Fetch' ? [node] : node.nodes.flatMap(fetchesOf);
};

test('the movie page’s X-ray tells every store call, though it was made elsewhere', async () => {
  const query = readFileSync(join(root, 'schema', 'operations', 'movie-page.graphql'), 'utf8');
  const headers = { 'x-streamshop-xray': '1' };
  const reportFor = async (who: typeof alice) => {
    const token = await login(who);
    const { errors, extensions } = await ask(query, { token, headers, variables: { id: 'm101' } });
    expect(errors).toEqual([]);
    return extensions.xray as XrayReport;
  };
  const { plan, calls, durationMs } = await reportFor(alice);
  const fetches = fetchesOf(plan);
  for (const { ran, subgraph } of fetches) expect(ran, subgraph).toMatchObject({ transport: 'http' });
  expect(new Set(fetches.map(({ subgraph }) => subgraph))).toEqual(
    new Set(rooms.flatMap(({ name }) => (name === 'ranking' ? [] : [name]))),
  );

  // Who the viewer is, the gateway itself asks, of the session store that it keeps open.
  const session = { store: 'redis', subgraph: null, fetch: null, statement: expect.stringMatching(/find-session/) };
  expect(calls.filter(({ fetch, subgraph }) => fetch === null || subgraph === null)).toMatchObject([session]);
  const names = new Set<string | null>([...fetches.map(({ name }) => name), null]);
  for (const { fetch } of calls) expect(names).toContain(fetch);
  const stores = rooms.flatMap(({ name, open }) => (open ? [name] : []));
  expect(new Set(calls.map(({ store }) => store))).toEqual(new Set(stores));
  for (const call of calls) {
    expect(call.inShell).toBeNull();
    expect(call.startMs + call.durationMs).toBeLessThanOrEqual(durationMs);
  }
  // Bob has the scope for values.
  for (const call of (await reportFor(bob)).calls) expect(call.inShell).not.toBeNull();
});

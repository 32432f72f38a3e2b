import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'graphql';
import pino from 'pino';
import { expect, test } from 'vitest';
import { readSettings } from '../config.ts';
import { ask } from '../test/harness.ts';
import type { Room } from './room.ts';
import { createSeam } from './seam.ts';
import { startGateway } from './server.ts';
import { composeSupergraph } from './supergraph.ts';
import type { FetchNode, PlanNode, XrayReport } from './xray-report.ts';

const typeDefs = (own: string) =>
  parse(`extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"]) ${own}`);

/** Two lists of books, whose titles the shelf knows; one of them stands high up. */
const lists: Room = {
  name: 'lists',
  typeDefs: typeDefs('type Query { high: [Book!]!  low: [Book!]! } type Book @key(fields: "id") { id: ID! }'),
  resolvers: { Query: { high: () => [{ id: 'h1' }], low: () => ['l1', 'l2', 'l3'].map((id) => ({ id })) } },
};
const isLowTold = Promise.withResolvers<void>();
const seam = createSeam({ store: 'shelf', timeoutMs: 60_000, isOutage: () => false });
const shelf: Room = {
  name: 'shelf',
  typeDefs: typeDefs('type Query { shelf: ID } type Book @key(fields: "id") { id: ID!  title: String }'),
  resolvers: {
    Book: {
      title: ({ id }: { id: string }) =>
        seam(`GET ${id}`, async () => {
          if (id === 'h1') await isLowTold.promise;
          if (id === 'l3') setImmediate(isLowTold.resolve);
          return id;
        }),
    },
  },
};

const fetchesOf = (node: PlanNode | null): FetchNode[] => {
  if (!node || node.kind === 'Condition') return [];
  return node.kind === 'Fetch' ? [node] : node.nodes.flatMap(fetchesOf);
};

test('equal fetches of an operation without a name are told apart, in whichever order they end', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'streamshop-plan-'));
  const file = join(folder, 'supergraph.graphql');
  writeFileSync(file, composeSupergraph([lists, shelf]));
  const base = readSettings();
  const settings = { ...base, gateway: { ...base.gateway, port: 0, supergraphFile: file } };
  await using gateway = await startGateway({ settings, rooms: [lists, shelf], logger: pino({ level: 'silent' }) });
  rmSync(folder, { recursive: true });

  const headers = { 'x-streamshop-xray': '1' };
  const { extensions } = await ask('{ high { title } low { title } }', { url: gateway.url, headers });
  const { plan, calls } = extensions.xray as XrayReport;
  const [, high, low] = fetchesOf(plan);
  expect(high?.operation).toBe(low?.operation);
  expect(high).toMatchObject({ path: ['high', '@'], ran: { entities: 1 } });
  expect(low).toMatchObject({ path: ['low', '@'], ran: { entities: 3 } });
  const callsOf = (fetch?: FetchNode) =>
    calls.filter((call) => call.fetch === fetch?.name).map(({ statement }) => statement);
  expect([callsOf(high), callsOf(low)]).toEqual([['GET h1'], ['GET l1', 'GET l2', 'GET l3']]);
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'graphql';
import pino from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { readSettings } from '../config.ts';
import { scrapeFrom, sumOf } from '../test/scrape.ts';
import type { Room } from './room.ts';
import { startGateway } from './server.ts';
import { composeSupergraph } from './supergraph.ts';

test.for([
  'http://name:hunter2@127.0.0.1:4104/graphql',
  'https://hunter2@127.0.0.1/',
  'hunter2:4104/graphql',
  'hunter2',
])('a subgraph’s URL that nobody could ask as it stands is refused at the start, by its variable alone: %s', (url) => {
  const read = () => readSettings({ SUBGRAPH_REDIS_URL: url });
  expect(read).toThrow(/^SUBGRAPH_REDIS_URL must /);
  expect(read).not.toThrow(/hunter2/);
});

test('one that can be asked is taken as it is', () => {
  const url = 'https://shop.example/redis/graphql?v=2';
  expect(readSettings({ SUBGRAPH_REDIS_URL: url }).subgraphs.urls).toEqual(new Map([['redis', url]]));
});

test('a subgraph behind HTTP that is dead shows in the gateway’s metrics and in /ready', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'streamshop-services-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const room: Room = { name: 'sundial', typeDefs: parse('type Query { now: String }'), resolvers: {} };
  const supergraphFile = join(folder, 'supergraph.graphql');
  writeFileSync(supergraphFile, composeSupergraph([room]));
  const base = readSettings({});
  // Nobody listens on port 1.
  const subgraphs = { ...base.subgraphs, urls: new Map([['sundial', 'http://127.0.0.1:1']]), secret: 's'.repeat(32) };
  const settings = { ...base, subgraphs, gateway: { ...base.gateway, port: 0, supergraphFile } };
  await using gateway = await startGateway({ settings, rooms: [room], logger: pino({ level: 'silent' }) });
  const errors = async () =>
    sumOf(await scrapeFrom(new URL('/metrics', gateway.url).href), 'streamshop_subgraph_errors_total', {
      ...{ subgraph: 'sundial', code: 'STORE_UNAVAILABLE' },
    });

  expect(await errors()).toBe(0);
  const headers = { 'content-type': 'application/json' };
  await fetch(gateway.url, { method: 'POST', headers, body: '{"query":"{ now }"}' });
  expect(await errors()).toBe(1);
  expect(await (await fetch(new URL('/ready', gateway.url))).json()).toMatchObject({ stores: { sundial: 'down' } });
});

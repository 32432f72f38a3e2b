import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';
import { expect, test } from 'vitest';
import * as yaml from 'yaml';
import { root } from '../config.ts';
import { rooms, subgraphPort } from '../subgraphs/index.ts';
import { checkFreshness, composedFiles } from './composed.ts';
import { roomsOf } from './testing.ts';

const written = composedFiles(rooms);

test('Rover’s configuration names files from which the same supergraph is composed', () => {
  const { federation_version, subgraphs } = yaml.parse(readFileSync(join(root, 'supergraph.yaml'), 'utf8'));
  expect(federation_version).toMatch(/^=2\.\d+\.\d+$/);
  const services = Object.entries<{ routing_url: string; schema: { file: string } }>(subgraphs).map(
    ([name, { routing_url: url, schema }]) => ({
      ...{ name, url, typeDefs: parse(readFileSync(join(root, schema.file), 'utf8')) },
    }),
  );
  const { supergraphSdl } = composeServices(services);
  expect(supergraphSdl).toBe(readFileSync(join(root, 'schema', 'supergraph.graphql'), 'utf8'));
});

test('a schema is committed once: as it is written, or where its room makes it as it is made', () => {
  const { subgraphs } = yaml.parse(written.get('supergraph.yaml') ?? '');
  expect(subgraphs.mongo.schema).toEqual({ file: './subgraphs/mongo/schema.graphql' });
  expect(subgraphs.neo4j.schema).toEqual({ file: './schema/subgraphs/neo4j.graphql' });
  expect([...written.keys()]).toEqual([
    'schema/supergraph.graphql',
    'schema/subgraphs/neo4j.graphql',
    'supergraph.yaml',
  ]);
});

test('each subgraph is where `npm run subgraph` starts it, in the profile without an offset', () => {
  const { subgraphs } = yaml.parse(written.get('supergraph.yaml') ?? '');
  const offsets = rooms.map(({ name }) => subgraphPort(name) - Number(new URL(subgraphs[name].routing_url).port));
  expect(new Set(offsets).size).toBe(1);
});

test('a file that is stale, missing or left over is told', () => {
  const committed = new Map(written);
  expect(checkFreshness(written, committed)).toEqual([]);
  committed.set('schema/supergraph.graphql', 'old');
  committed.delete('supergraph.yaml');
  committed.set('schema/subgraphs/gone.graphql', '');
  expect(checkFreshness(written, committed).map(({ level, message }) => `${level}: ${message}`)).toEqual([
    "error: schema/supergraph.graphql is stale: the rooms' schemas have changed.",
    'error: supergraph.yaml is missing.',
    'error: schema/subgraphs/gone.graphql belongs to no room.',
  ]);
});

test('schemas that do not compose are told with every reason', () => {
  const sdl = (type: string) => `type Query { a: ${type} }`;
  expect(() => composedFiles(roomsOf({ mongo: sdl('Int'), redis: sdl('String') }))).toThrow(
    /The subgraphs do not compose:\n- .*Query\.a/s,
  );
});

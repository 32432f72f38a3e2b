import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parse } from 'graphql';
import pino from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readSettings, root } from '../config.ts';
import { rooms } from '../subgraphs/index.ts';
import { ask } from '../test/harness.ts';
import type { Room } from './room.ts';
import { type Gateway, startGateway } from './server.ts';
import { subgraphSchema } from './subgraph.ts';
import { composeSupergraph } from './supergraph.ts';
import { supergraphProblems } from './supergraph-check.ts';

const schemaWith = (more: string) => `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@authenticated"])
  scalar Date
  type Query { now: String  own: String @authenticated  slow: String  on(date: Date!): String  ${more} }
  enum Season { SPRING AUTUMN }
`;
let answerSlowly = Promise.withResolvers<string>();
let asked = Promise.withResolvers<void>();
const clock: Room = {
  name: 'clock',
  typeDefs: parse(schemaWith('later: String  season: Season')),
  resolvers: {
    Query: {
      now: () => 'now',
      later: () => 'later',
      slow: () => {
        asked.resolve();
        return answerSlowly.promise;
      },
      on: (_: unknown, { date }: { date: unknown }) => `on ${date}`,
    },
  },
};
const supergraphWith = (more: string, name = 'clock') =>
  composeSupergraph([{ ...clock, name, typeDefs: parse(schemaWith(more)) }]);

const folder = mkdtempSync(join(tmpdir(), 'streamshop-supergraph-'));
const file = join(folder, 'supergraph.graphql');
const small = supergraphWith('season: Season');
const whole = supergraphWith('later: String  season: Season');
const lines: string[] = [];
let gateway: Gateway;

beforeAll(async () => {
  writeFileSync(file, small);
  const base = readSettings();
  const settings = { ...base, gateway: { ...base.gateway, port: 0, supergraphFile: file } };
  const logger = pino({}, { write: (line: string) => void lines.push(line) });
  gateway = await startGateway({ settings, rooms: [clock], logger });
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});
beforeEach(() => void lines.splice(0));

const data = async (query: string) => (await ask(query, { url: gateway.url })).data;
const logged = (text: string) => expect.poll(() => lines.join(''), { timeout: 30_000 }).toContain(text);

/** As most editors do it: written beside, then renamed. */
function replace(text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

test('a good one is served without a restart, while requests that are under way finish', async () => {
  expect(await data('{ later }')).toBeNull();
  const underWay = data('{ slow }');
  await asked.promise;
  replace(whole);
  await logged('the supergraph was reloaded');
  expect(lines.join('')).toContain('"changes":["+ Query.later"]');
  expect(await data('{ later now }')).toEqual({ later: 'later', now: 'now' });
  answerSlowly.resolve('at last');
  expect(await underWay).toEqual({ slow: 'at last' });

  [answerSlowly, asked] = [Promise.withResolvers(), Promise.withResolvers()];
  // In place, as others do it.
  writeFileSync(file, small);
  await logged('"- Query.later"');
  expect(await data('{ later }')).toBeNull();
});

test('what is wrong is refused at the edge after a reload as before, and authorisation holds', async () => {
  const query = 'query ($date: Date!) { on(date: $date) }';
  const refusal = async () => (await ask(query, { url: gateway.url, variables: { date: 'garbage' } })).errors;
  const expected = [{ extensions: { code: 'BAD_USER_INPUT', argument: ['date'] } }];
  expect(await refusal()).toMatchObject(expected);
  replace(whole);
  await logged('the supergraph was reloaded');
  expect(await refusal()).toMatchObject(expected);
  const { errors } = await ask('{ own }', { url: gateway.url });
  expect(errors).toMatchObject([{ path: ['own'], extensions: { code: 'UNAUTHENTICATED' } }]);
});

describe('a broken one is refused and the old one stays', () => {
  test.for([
    ['no GraphQL', '<html>', 'Syntax Error'],
    ['half a file', whole.slice(0, -200), 'Syntax Error'],
    ['an empty file', '', 'Syntax Error'],
    ['no supergraph', 'type Query { now: String }', 'it names no subgraph'],
    ['an unknown subgraph', supergraphWith('season: Season', 'sundial'), 'there is no subgraph sundial'],
    ['an unknown field', supergraphWith('season: Season  never: String'), 'clock has no Query.never'],
    ['another type', supergraphWith('season: [Season]'), 'clock has Query.season of type Season, not [Season]'],
    [
      'an unknown argument',
      whole.replace('on(date: Date!)', 'on(date: Date!, hour: Int)'),
      'clock has no Query.on(hour:)',
    ],
    ['an unknown value', whole.replace('SPRING @', 'SUMMER @'), 'clock has no Season.SUMMER'],
    ['a type that is not there', whole.replace(/enum Season[^}]*}/, ''), 'Season'],
  ] as const)('%s', async ([, text, reason]) => {
    replace(text);
    await logged('the one before stays');
    expect(lines.join('')).toContain(reason);
    expect(await data('{ now on(date: "2026-01-31") }')).toEqual({ now: 'now', on: 'on 2026-01-31' });
  });

  test('a file that goes and comes back is taken again', async () => {
    rmSync(file);
    await logged('the one before stays');
    expect(await data('{ now }')).toEqual({ now: 'now' });
    writeFileSync(file, supergraphWith('season: Season'));
    await logged('the supergraph was reloaded');
    expect(await data('{ now }')).toEqual({ now: 'now' });
  });
});

test('a gateway does not start with a broken one', async () => {
  const broken = join(folder, 'broken.graphql');
  writeFileSync(broken, supergraphWith('season: Season', 'sundial'));
  const base = readSettings();
  const settings = { ...base, gateway: { ...base.gateway, port: 0, supergraphFile: broken } };
  const logger = pino({ level: 'silent' });
  await expect(startGateway({ settings, rooms: [clock], logger })).rejects.toThrow('there is no subgraph sundial');
});

test('a URL for a subgraph that there is not keeps the gateway from starting', async () => {
  const base = readSettings();
  const subgraphs = { ...base.subgraphs, urls: new Map([['sundial', 'http://127.0.0.1:1']]) };
  const settings = { ...base, subgraphs, gateway: { ...base.gateway, port: 0, supergraphFile: file } };
  const logger = pino({ level: 'silent' });
  const starting = startGateway({ settings, rooms: [clock], logger });
  await expect(starting).rejects.toThrow('SUBGRAPH_SUNDIAL_URL is set, but the subgraphs are clock.');
});

test('what a room’s file has got since the start is refused: the process does not execute it', () => {
  const schemaFile = join(folder, 'schema.graphql');
  writeFileSync(schemaFile, schemaWith('season: Season'));
  const fromFile: Room = { name: relative(join(root, 'subgraphs'), folder), resolvers: {} };
  expect(subgraphSchema(fromFile).getQueryType()?.getFields()).not.toHaveProperty('later');
  writeFileSync(schemaFile, schemaWith('later: String  season: Season'));
  const supergraph = parse(whole.replace('name: "clock"', `name: "${fromFile.name}"`));
  expect(supergraphProblems(supergraph, [fromFile])).toEqual([`${fromFile.name} has no Query.later`]);
});

test('the project’s own supergraph wants nothing that the rooms do not have', () => {
  expect(supergraphProblems(parse(composeSupergraph(rooms)), rooms)).toEqual([]);
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GraphQLObjectType } from 'graphql';
import pino from 'pino';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { readSettings } from '../../config.ts';
import { apiSchemaOf, readSupergraph } from '../../contract/api.ts';
import { planOperations } from '../../contract/plans.ts';
import { readProject } from '../../contract/project.ts';
import { operationOf } from '../../contract/testing.ts';
import { codedError } from '../../gateway/errors.ts';
import type { OpenRoom, Room } from '../../gateway/room.ts';
import { type Gateway, startGateway } from '../../gateway/server.ts';
import { sessionKeyOf } from '../../gateway/sessions.ts';
import { composeSupergraph } from '../../gateway/supergraph.ts';
import { type Answered, ask } from '../../test/harness.ts';
import { rooms } from '../index.ts';
import type { Signals } from './rank.ts';

/** What the stores propose to whoever asks, or the error with which one fails. */
let given: { [Name in keyof Signals]: Signals[Name] | Error };

const signals = (...names: (keyof Signals)[]) => {
  const resolve = (name: keyof Signals) => async () => {
    const signal = given[name] ?? null;
    if (signal instanceof Error) throw signal;
    return signal;
  };
  return { User: Object.fromEntries(names.map((name) => [name, resolve(name)])) };
};
const proposing: Record<string, object> = {
  neo4j: signals('moviesOfFriends', 'watchedMovieIds'),
  qdrant: signals('moviesLikeWatched'),
  redis: signals('popularMovies'),
};
const sessions = {
  create: async () => '',
  find: async (key: string) => (key === sessionKeyOf('alice') ? { userId: 'u123', scopes: [] } : null),
  end: async () => {},
};
const nothing = async () => {};
const keeper: OpenRoom = { store: { ping: nothing, migrate: nothing, close: nothing }, sessions };
/** All rooms with their own schemas. What is tested is what becomes of proposals; so those who propose are told what. */
const told = rooms.map(
  ({ name, typeDefs, resolvers }): Room => ({
    ...{ name, typeDefs, resolvers: proposing[name] ?? resolvers },
    ...(name === 'redis' && { sessions: 'keeps' as const, open: () => keeper }),
  }),
);

let folder: string;
let supergraph: string;
let gateway: Gateway;
const start = (...without: string[]) => {
  const settings = readSettings();
  const supergraphFile = join(folder, 'supergraph.graphql');
  return startGateway({
    settings: { ...settings, without: new Set(without), gateway: { ...settings.gateway, port: 0, supergraphFile } },
    ...{ rooms: told, logger: pino({ level: 'silent' }) },
  });
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'streamshop-ranking-'));
  supergraph = composeSupergraph(rooms);
  writeFileSync(join(folder, 'supergraph.graphql'), supergraph);
  gateway = await start();
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  given = {
    moviesOfFriends: [{ movieId: 'm1', friendIds: ['u1', 'u2', 'u3', 'u4'], friendCount: 4 }],
    moviesLikeWatched: [{ movieId: 'm2', similarity: 0.7, watchedMovieId: 'm9' }],
    popularMovies: [
      { movieId: 'm9', views: 900 },
      { movieId: 'm1', views: 800 },
    ],
    watchedMovieIds: ['m9'],
  };
});

const fields = 'score reasons { kind movie { id } users { id } } movie { id }';
const recommend = (query = `{ me { recommendations { ${fields} } } }`, token?: string, url = gateway.url) =>
  ask(query, { url, token });
const asAlice = (query?: string, url?: string) => recommend(query, 'alice', url);
const codes = ({ errors }: Answered) => errors.map(({ path, extensions }) => [path?.join('.'), extensions?.code]);

test('what the stores propose is merged, each with its reasons, without what was watched', async () => {
  const { data, errors } = await asAlice();
  expect(errors).toEqual([]);
  expect(data.me.recommendations).toEqual([
    {
      ...{ score: 0.6, movie: { id: 'm1' } },
      reasons: [
        { kind: 'FRIENDS_WATCHED', movie: null, users: [{ id: 'u1' }, { id: 'u2' }, { id: 'u3' }] },
        { kind: 'POPULAR', movie: null, users: [] },
      ],
    },
    {
      ...{ score: 0.4, movie: { id: 'm2' } },
      reasons: [{ kind: 'SIMILAR_TO_WATCHED', movie: { id: 'm9' }, users: [] }],
    },
  ]);
});

test('ten by default, as many as are wanted otherwise', async () => {
  given.popularMovies = Array.from({ length: 100 }, (_, index) => ({ movieId: `p${index}`, views: 100 - index }));
  const { data } = await asAlice('{ me { recommendations { score } few: recommendations(first: 2) { score } } }');
  expect([data.me.recommendations.length, data.me.few.length]).toEqual([10, 2]);
  expect((await asAlice('{ me { recommendations(first: 100) { score } } }')).data.me.recommendations).toHaveLength(100);
  for (const first of [0, 101, -1]) {
    const refused = await asAlice(`{ me { recommendations(first: ${first}) { score } } }`);
    expect(codes(refused)).toEqual([['me.recommendations', 'BAD_USER_INPUT']]);
  }
});

test('they are for the user themselves', async () => {
  const query = '{ user(id: "u456") { recommendations { score } } }';
  expect(codes(await asAlice(query))).toEqual([['user.recommendations', 'FORBIDDEN']]);
  expect(codes(await recommend(query))).toEqual([['user.recommendations', 'UNAUTHENTICATED']]);
});

const down = (store: string) => codedError('STORE_UNAVAILABLE', `${store} cannot be reached.`, { store });

test('a store that fails costs what it proposes, and is named', async () => {
  given.moviesOfFriends = given.watchedMovieIds = down('neo4j');
  const { data, errors } = await asAlice(`{ me { recommendations { movie { id } } } }`);
  // Nobody tells what was watched; but what others are like has been.
  expect(data.me.recommendations.map(({ movie }: { movie: { id: string } }) => movie.id)).toEqual(['m2', 'm1']);
  expect(new Set(errors.map(({ extensions }) => extensions?.store))).toEqual(new Set(['neo4j']));
});

test('when none of them answers it is null, with an error in its place', async () => {
  given = { moviesOfFriends: down('neo4j'), moviesLikeWatched: down('qdrant'), popularMovies: down('redis') };
  const answer = await asAlice();
  expect(answer.data).toEqual({ me: { recommendations: null } });
  expect(codes(answer)).toContainEqual(['me.recommendations', 'STORE_UNAVAILABLE']);
  given = { moviesOfFriends: [], moviesLikeWatched: [], popularMovies: [], watchedMovieIds: [] };
  expect((await asAlice()).data).toEqual({ me: { recommendations: [] } });
});

test('stores that are switched off propose nothing', async () => {
  await using other = await start('neo4j', 'qdrant');
  const { data } = await asAlice('{ me { recommendations { movie { id } reasons { kind } } } }', other.url);
  expect(data.me.recommendations).toEqual([
    { movie: { id: 'm9' }, reasons: [{ kind: 'POPULAR' }] },
    { movie: { id: 'm1' }, reasons: [{ kind: 'POPULAR' }] },
  ]);
});

test('clients see nothing of what is between the rooms', () => {
  const schema = apiSchemaOf(readSupergraph(supergraph));
  const user = Object.keys((schema.getType('User') as GraphQLObjectType).getFields());
  expect(user).toContain('recommendations');
  for (const name of ['moviesOfFriends', 'moviesLikeWatched', 'popularMovies', 'watchedMovieIds']) {
    expect(user).not.toContain(name);
  }
  for (const name of ['MovieOfFriends', 'MovieLikeWatched', 'PopularMovie']) {
    expect(schema.getType(name)).toBeUndefined();
  }
});

test('the stores propose in one round, and the next has the titles', () => {
  const names = 'reasons { kind movie { id title } users { id name } } movie { id title }';
  const operation = operationOf(`query Page { me { recommendations { score ${names} } } }`);
  const [plan] = planOperations(readSupergraph(supergraph), [operation], readProject(rooms).storeless);
  // entry; neo4j, qdrant and redis; ranking; Postgres for the movies, theirs of the reasons, and the users.
  expect(plan).toMatchObject({ storeRounds: 2, fetches: 1 + 3 + 1 + 3 });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readSettings } from '../../config.ts';
import type { Viewer } from '../../gateway/request.ts';
import { callsDuring, openTestRoom, type TestRoom } from '../../gateway/testing.ts';
import { openProxy } from '../../test/proxy.ts';
import { bounds } from './bounds.ts';
import { neo4j } from './index.ts';
import { neo4jSink } from './sink.ts';
import {
  batchOf,
  followChanged,
  likeChanged,
  movieChanged,
  type OwnCorner,
  openCorner,
  signedUp,
  watched,
} from './testing.ts';

const analyst: Viewer = { userId: 'analyst', scopes: ['analytics'] };
let corner: OwnCorner;
let room: TestRoom;
let id: OwnCorner['id'];

beforeAll(async () => {
  corner = await openCorner();
  room = await openTestRoom(neo4j);
  id = corner.id;
  const [a, b, c, m] = [id('a'), id('b'), id('c'), id('m')];
  await neo4jSink(corner.store).apply(
    batchOf([
      ...[signedUp(a, 'Alice'), signedUp(b, 'Bob'), movieChanged(m, 'Inception')],
      ...[followChanged([a, b], 1), followChanged([b, c], 1), followChanged([c, a], 1), followChanged([a, c], 2)],
      ...[watched([c, m], 1), likeChanged([a, 'MOVIE', m], 1), likeChanged([a, 'POST', id('p')], 1)],
      ...[likeChanged([a, 'TAG', id('t')], 1), likeChanged([a, 'TAG', id('old')], 2)],
      ...Array.from({ length: 60 }, (_, index) => followChanged([id(`fan${index}`), a], 1)),
    ]),
  );
  // The first walk of a process also asks which version the server has.
  await explore('{ socialUser(id: "x") { id } }');
});
afterAll(async () => {
  await room[Symbol.asyncDispose]();
  await corner[Symbol.asyncDispose]();
});

const explore = (source: string, viewer: Viewer | null = analyst) =>
  room.execute(source, { viewer, variables: { id: id('a') } });

test('a walk along every relationship is one statement', async () => {
  const calls = await callsDuring(async () => {
    const { data, errors } = await explore(`query ($id: ID!) {
      socialUser(id: $id) {
        __typename id name user { __typename id }
        following { name following { id name watched { title movie { id } watchedBy { id } } } }
        nearest: followers(limit: 1) { id }
        likedMovies { title likedBy { name } }
        likedPosts { id post { id } likedBy { id } }
        likedTags { name likedBy { id } }
        watched { id }
      }
    }`);
    expect(errors).toBeUndefined();
    const [a, c, m, p] = [id('a'), id('c'), id('m'), id('p')];
    expect(data?.socialUser).toEqual({
      ...{ __typename: 'SocialUser', id: a, name: 'Alice', user: { __typename: 'User', id: a }, watched: [] },
      following: [
        {
          name: 'Bob',
          following: [
            { id: c, name: null, watched: [{ title: 'Inception', movie: { id: m }, watchedBy: [{ id: c }] }] },
          ],
        },
      ],
      nearest: [{ id: expect.any(String) }],
      likedMovies: [{ title: 'Inception', likedBy: [{ name: 'Alice' }] }],
      likedPosts: [{ id: p, post: { id: p }, likedBy: [{ id: a }] }],
      likedTags: [{ name: id('t'), likedBy: [{ id: a }] }],
    });
  });
  expect(calls).toHaveLength(1);
});

test('a walk may begin at a film, and lists have a length of their own', async () => {
  const { data, errors } = await room.execute(
    `query ($m: ID!, $few: Int) { socialMovie(id: $m) { title likedBy { five: followers { id } few: followers(limit: $few) { id } all: followers(limit: 50) { id } } } }`,
    { viewer: analyst, variables: { m: id('m'), few: 3 } },
  );
  expect(errors).toBeUndefined();
  const lists = (data as { socialMovie: { likedBy: Record<string, unknown[]>[] } }).socialMovie.likedBy[0] ?? {};
  expect(Object.values(lists).map(({ length }) => length)).toEqual([5, 3, 50]);
});

test('what is not there is null', async () => {
  const { data, errors } = await explore('{ socialUser(id: "nobody") { id } socialMovie(id: "nothing") { id } }');
  expect({ data, errors }).toEqual({ data: { socialUser: null, socialMovie: null }, errors: undefined });
});

test('only those with the scope analytics walk', async () => {
  const calls = await callsDuring(async () => {
    for (const [viewer, code] of [
      [null, 'UNAUTHENTICATED'],
      [{ userId: 'u', scopes: [] }, 'FORBIDDEN'],
    ] as const) {
      const { data, errors } = await explore('{ socialUser(id: "x") { id } socialMovie(id: "x") { id } }', viewer);
      expect(data).toEqual({ socialUser: null, socialMovie: null });
      expect(errors?.map(({ extensions }) => extensions.code)).toEqual([code, code]);
    }
  });
  expect(calls).toEqual([]);
});

describe('bounds', () => {
  const nested = (depth: number, limit: number): string =>
    depth === 0 ? 'id' : `following(limit: ${limit}) { ${nested(depth - 1, limit)} }`;
  const walk = (fields: string) => `query ($id: ID!) { socialUser(id: $id) { ${fields} } }`;
  const aliases = (count: number, field: string) =>
    Array.from({ length: count }, (_, i) => `f${i}: ${field}`).join(' ');

  test.each([
    ['as deep as allowed', walk(nested(bounds.depth, 9))],
    ['as wide as allowed', walk(aliases(bounds.lists, 'followers(limit: 50) { id }'))],
    ['as many walks as allowed', `query ($id: ID!) { ${aliases(bounds.walks, 'socialUser(id: $id) { id }')} }`],
  ])('%s is answered', async (_, source) => {
    const { data, errors } = await explore(source);
    expect(errors).toBeUndefined();
    expect(Object.values(data ?? {})).not.toContain(null);
  });

  test.each([
    ['too deep', walk(nested(bounds.depth + 1, 1)), /4 relationships/],
    [
      'too deep by way of the entity',
      walk(
        `user { following { ${nested(1, 1).replace('limit', 'first')} } } ${nested(3, 1).replace('id', 'user { following { followers { id } } }')}`,
      ),
      /4 relationships/,
    ],
    ['too much below one another', walk(nested(3, 50)), /10000 places/],
    ['too much side by side', walk(aliases(8, nested(2, 40))), /10000 places/],
    [
      'too much in fragments',
      `${walk('...A')} fragment A on SocialUser { ${aliases(6, 'following(limit: 50) { ...B }')} } fragment B on SocialUser { followers(limit: 50) { id } }`,
      /10000 places/,
    ],
    [
      'too much in several walks',
      `query ($id: ID!) { ${aliases(5, `socialUser(id: $id) { ${nested(2, 50)} }`)} }`,
      /10000 places/,
    ],
    [
      'too much in variables',
      `query ($id: ID!, $n: Int = 50) { socialUser(id: $id) { ${nested(3, 1).replaceAll('1)', '$n)')} } }`,
      /10000 places/,
    ],
    ['too many lists', walk(aliases(bounds.lists + 1, 'followers(limit: 1) { id }')), /20 lists/],
    ['too many walks', `query ($id: ID!) { ${aliases(bounds.walks + 1, 'socialUser(id: $id) { id }')} }`, /10 times/],
    [
      'too much of entities',
      walk(`following(limit: 50) { user { following(first: 100) { followers(first: 100) { id } } } }`),
      /10000 places/,
    ],
  ])('%s is refused, and Neo4j is not asked', async (_, source, message) => {
    const calls = await callsDuring(async () => {
      const { data, errors } = await explore(source);
      expect(Object.values(data ?? {}).every((value) => value === null)).toBe(true);
      expect(errors?.length).toBeGreaterThan(0);
      for (const error of errors ?? []) {
        expect(error.extensions).toMatchObject({ code: 'BAD_USER_INPUT', retryable: false });
        expect(error.message).toMatch(message);
      }
    });
    expect(calls).toEqual([]);
  });

  test('the page fields of many entities are bounded as well', async () => {
    const source = `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on User { following(first: 100) { followers(first: 10) { id } } } } }`;
    const ask = (count: number) => {
      const representations = Array.from({ length: count }, (_, i) => ({ __typename: 'User', id: id(`x${i}`) }));
      return room.execute(source, { viewer: null, variables: { representations } });
    };
    expect((await ask(9)).errors).toBeUndefined();
    const { errors } = await ask(10);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  test.each([0, -1, 51])('a limit of %i is refused', async (limit) => {
    const { errors } = await explore(walk(nested(1, limit)));
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument: ['limit'] });
  });

  test('an id that cannot be one is refused', async () => {
    const { errors } = await explore(`{ socialUser(id: "${'x'.repeat(129)}") { id } }`);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument: ['id'] });
  });
});

test('with Neo4j dead, a walk says so at once', async () => {
  const settings = readSettings();
  const { hostname: host, port } = new URL(settings.neo4j.url);
  await using proxy = await openProxy({ host, port: Number(port) });
  process.env.NEO4J_URL = `bolt://${proxy.address}`;
  await using other = await openTestRoom(neo4j).finally(() => delete process.env.NEO4J_URL);
  await proxy.cut();
  const start = performance.now();
  const { data, errors } = await other.execute('{ socialUser(id: "x") { id } }', { viewer: analyst });
  expect(performance.now() - start).toBeLessThan(1_000);
  expect(data).toEqual({ socialUser: null });
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'STORE_UNAVAILABLE', store: 'neo4j', retryable: true });
});

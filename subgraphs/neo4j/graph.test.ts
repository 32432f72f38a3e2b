import { expect, test } from 'vitest';
import type { Viewer } from '../../gateway/request.ts';
import { callsDuring, openTestRoom } from '../../gateway/testing.ts';
import type { StreamEvent } from '../../schema/events/index.ts';
import { neo4j } from './index.ts';
import { neo4jSink } from './sink.ts';
import { at, batchOf, followChanged, openCorner, watched } from './testing.ts';

const people = { Movie: 'friendsWhoWatched', User: 'following' } as const;

/** Asks for a field of entities, as a fetch of the gateway does. */
const entitiesQuery = (type: keyof typeof people, field: string = people[type]) =>
  `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on ${type} { list: ${field} { id } } } }`;
const representations = (type: string, ids: readonly string[]) => ids.map((id) => ({ __typename: type, id }));

async function openWithPeople() {
  const corner = await openCorner();
  const room = await openTestRoom(neo4j);
  const apply = (events: readonly StreamEvent[]) => neo4jSink(corner.store).apply(batchOf(events));
  const viewerOf = (name: string): Viewer => ({ userId: corner.id(name), scopes: [] });
  return {
    ...{ id: corner.id, apply, viewerOf },
    /** Lists of people, as names without the corner's own ending. */
    async ask(type: keyof typeof people, names: readonly string[], options: { field?: string; viewer?: Viewer } = {}) {
      const { data, errors } = await room.execute(entitiesQuery(type, options.field), {
        viewer: options.viewer,
        variables: { representations: representations(type, names.map(corner.id)) },
      });
      const entities = (data?._entities ?? []) as ({ list: { id: string }[] | null } | null)[];
      const lists = entities.map((entity) => entity?.list?.map(({ id }) => id.replace(corner.id(''), '')) ?? null);
      return { lists, codes: errors?.map(({ extensions }) => extensions.code), errors };
    },
    async [Symbol.asyncDispose]() {
      await room[Symbol.asyncDispose]();
      await corner[Symbol.asyncDispose]();
    },
  };
}

test('friends who watched are those whom the viewer follows, who watched last first', async () => {
  await using town = await openWithPeople();
  const { id } = town;
  await town.apply([
    ...['b', 'c', 'd'].map((friend) => followChanged([id('a'), id(friend)], 1)),
    // Not her friend: she ceased to follow; and one who follows her.
    ...[followChanged([id('a'), id('ex')], 2), followChanged([id('fan'), id('a')], 1)],
    ...[watched([id('b'), id('m')], 1, at(10)), watched([id('c'), id('m')], 1, at(30)), watched([id('d'), id('n')], 1)],
    ...['ex', 'fan', 'a'].map((other) => watched([id(other), id('m')], 1, at(50))),
  ]);
  const viewer = town.viewerOf('a');
  const calls = await callsDuring(async () => {
    const { lists, errors } = await town.ask('Movie', ['m', 'n', 'unknown'], { viewer });
    expect(errors).toBeUndefined();
    expect(lists).toEqual([['c', 'b'], ['d'], []]);
  });
  expect(calls).toHaveLength(1);
  const first = await town.ask('Movie', ['m'], { viewer, field: 'friendsWhoWatched(first: 1)' });
  expect(first.lists).toEqual([['c']]);
  expect((await town.ask('Movie', ['m'], { viewer: town.viewerOf('nobody') })).lists).toEqual([[]]);
});

test('a visitor has no friends, and Neo4j is not asked', async () => {
  await using town = await openWithPeople();
  const calls = await callsDuring(async () => {
    const { lists, codes } = await town.ask('Movie', ['m', 'n']);
    expect(lists).toEqual([null, null]);
    expect(codes).toEqual(['UNAUTHENTICATED', 'UNAUTHENTICATED']);
  });
  expect(calls).toEqual([]);
});

test('following and followers, the newest first, for everybody to see', async () => {
  await using town = await openWithPeople();
  const { id } = town;
  await town.apply([
    ...[
      followChanged([id('a'), id('b')], 1),
      followChanged([id('a'), id('c')], 3),
      followChanged([id('a'), id('d')], 2),
    ],
    ...[followChanged([id('b'), id('c')], 1)],
  ]);
  expect((await town.ask('User', ['a', 'b', 'c'])).lists).toEqual([['c', 'b'], ['c'], []]);
  expect((await town.ask('User', ['a', 'c', 'd'], { field: 'followers' })).lists).toEqual([[], ['a', 'b'], []]);
  expect((await town.ask('User', ['c', 'a'], { field: 'followers(first: 1)' })).lists).toEqual([['a'], []]);
});

test('fifty movies, and fifty users, are one call of Neo4j each', async () => {
  await using town = await openWithPeople();
  const names = Array.from({ length: 50 }, (_, index) => `x${index}`);
  for (const type of ['Movie', 'User'] as const) {
    const calls = await callsDuring(async () => {
      const { lists, errors } = await town.ask(type, names, { viewer: town.viewerOf('a') });
      expect(errors).toBeUndefined();
      expect(lists).toEqual(names.map(() => []));
    });
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatchObject({ store: 'neo4j', statement: expect.stringContaining('$ids') });
  }
});

test.each([
  ['Movie', 'friendsWhoWatched(first: 0)'],
  ['Movie', 'friendsWhoWatched(first: 101)'],
  ['User', 'following(first: -1)'],
  ['User', 'followers(first: 101)'],
] as const)('a wrong first is refused: %s.%s', async (type, field) => {
  await using town = await openWithPeople();
  const calls = await callsDuring(async () => {
    const { lists, errors } = await town.ask(type, ['x'], { field, viewer: town.viewerOf('a') });
    expect(lists).toEqual([null]);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument: ['first'] });
  });
  expect(calls).toEqual([]);
});

import { expect, test } from 'vitest';
import type { Viewer } from '../../gateway/request.ts';
import { callsDuring, openTestRoom } from '../../gateway/testing.ts';
import type { StreamEvent } from '../../schema/events/index.ts';
import { neo4j } from './index.ts';
import { neo4jSink } from './sink.ts';
import { at, batchOf, blockChanged, followChanged, likeChanged, openCorner, watched } from './testing.ts';

const people = { Movie: 'friendsWhoWatched', Post: 'likedByFriends', User: 'following' } as const;

/** Asks for a field of entities, as a fetch of the gateway does. */
const entitiesQuery = (type: keyof typeof people, field: string = people[type]) =>
  `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on ${type} { list: ${field} { id } } } }`;
const representations = (type: string, ids: readonly string[]) => ids.map((id) => ({ __typename: type, id }));

async function openWithPeople() {
  const corner = await openCorner();
  const room = await openTestRoom(neo4j);
  const apply = (events: readonly StreamEvent[]) => neo4jSink(corner.store).apply(batchOf(events));
  const viewerOf = (name: string, blocks: string[] = []): Viewer => ({
    ...{ userId: corner.id(name), scopes: [], blocks: blocks.map(corner.id) },
  });
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
    for (const [type, field] of [['Movie'], ['Post'], ['User', 'mutualFriends']] as const) {
      const { lists, codes } = await town.ask(type, ['m', 'n'], { field });
      expect(lists).toEqual([null, null]);
      expect(codes).toEqual(['UNAUTHENTICATED', 'UNAUTHENTICATED']);
    }
  });
  expect(calls).toEqual([]);
});

test('a post is liked by those whom the viewer follows, who liked it last first', async () => {
  await using town = await openWithPeople();
  const { id } = town;
  const likes = (name: string, post: string, version: number) => likeChanged([id(name), 'POST', id(post)], version);
  await town.apply([
    ...['b', 'c', 'd'].map((friend) => followChanged([id('a'), id(friend)], 1)),
    // A like that was taken back, one of somebody who is no friend, and one of a film.
    ...[likes('b', 'p', 1), likes('c', 'p', 3), likes('d', 'p', 2), likes('fan', 'p', 1), likes('a', 'p', 1)],
    ...[likes('b', 'q', 1), likeChanged([id('c'), 'MOVIE', id('q')], 1)],
  ]);
  const viewer = town.viewerOf('a');
  const { lists, errors } = await town.ask('Post', ['p', 'q', 'unknown'], { viewer });
  expect(errors).toBeUndefined();
  expect(lists).toEqual([['c', 'b'], ['b'], []]);
  expect((await town.ask('Post', ['p'], { viewer, field: 'likedByFriends(first: 1)' })).lists).toEqual([['c']]);
});

test('mutual friends are those whom both follow, whom the viewer followed last first', async () => {
  await using town = await openWithPeople();
  const { id } = town;
  const versions = { x: 1, y: 3, z: 2, own: 1 };
  await town.apply([
    ...Object.entries(versions).map(([name, version]) => followChanged([id('a'), id(name)], version)),
    ...['x', 'y', 'z', 'other'].map((name) => followChanged([id('b'), id(name)], 1)),
    // Who follows both is none; who follows the viewer is none.
    ...[
      followChanged([id('fan'), id('a')], 1),
      followChanged([id('fan'), id('b')], 1),
      followChanged([id('b'), id('a')], 1),
    ],
  ]);
  const ask = (field: string) => town.ask('User', ['b', 'a', 'fan', 'unknown'], { viewer: town.viewerOf('a'), field });
  const calls = await callsDuring(async () => {
    const { lists, errors } = await ask('mutualFriends');
    expect(errors).toBeUndefined();
    expect(lists).toEqual([['y', 'x'], [], [], []]);
  });
  expect(calls).toHaveLength(1);
  expect((await ask('mutualFriends(first: 1)')).lists).toEqual([['y'], [], [], []]);
});

test('whoever is blocked, in either direction, is in no list of friends', async () => {
  await using town = await openWithPeople();
  const { id } = town;
  await town.apply([
    // The ends of the follows have not come yet.
    ...['b', 'c', 'd'].flatMap((friend) => [
      ...[followChanged([id('a'), id(friend)], 1), followChanged([id('other'), id(friend)], 1)],
      ...[watched([id(friend), id('m')], 1), likeChanged([id(friend), 'POST', id('p')], 1)],
    ]),
    ...[blockChanged([id('a'), id('b')], 1), blockChanged([id('c'), id('a')], 1), blockChanged([id('a'), id('d')], 2)],
  ]);
  const viewer = town.viewerOf('a');
  expect((await town.ask('Movie', ['m'], { viewer })).lists).toEqual([['d']]);
  expect((await town.ask('Post', ['p'], { viewer })).lists).toEqual([['d']]);
  expect((await town.ask('User', ['other'], { viewer, field: 'mutualFriends' })).lists).toEqual([['d']]);
});

test.each([
  ['Movie', 'm', 'friendsWhoWatched'],
  ['Post', 'p', 'likedByFriends'],
  ['User', 'other', 'mutualFriends'],
] as const)(
  'whom the request knows to be blocked is missed before Neo4j knows: %s %s %s',
  async (type, name, field) => {
    await using town = await openWithPeople();
    const { id } = town;
    await town.apply(
      ['x', 'y', 'z'].flatMap((friend, index) => [
        ...[followChanged([id('a'), id(friend)], 2 * index + 1), followChanged([id('other'), id(friend)], 1)],
        ...[watched([id(friend), id('m')], 1, at(index)), likeChanged([id(friend), 'POST', id('p')], 2 * index + 1)],
      ]),
    );
    const seenBy = async (viewer: Viewer) =>
      (await town.ask(type, [name], { field: `${field}(first: 2)`, viewer })).lists;
    expect(await seenBy(town.viewerOf('a'))).toEqual([['z', 'y']]);
    // Others move up: the list is as long as before.
    expect(await seenBy(town.viewerOf('a', ['z', 'nobody']))).toEqual([['y', 'x']]);
  },
);

test('whom the viewer blocks is not in what everybody sees, and others move up', async () => {
  await using town = await openWithPeople();
  const { id } = town;
  await town.apply(
    ['x', 'y', 'z'].flatMap((name, index) => [
      ...[followChanged([id('b'), id(name)], 2 * index + 1), followChanged([id(name), id('b')], 2 * index + 1)],
    ]),
  );
  for (const field of ['following(first: 2)', 'followers(first: 2)']) {
    const seenBy = async (viewer?: Viewer) => (await town.ask('User', ['b'], { field, viewer })).lists;
    expect(await seenBy()).toEqual([['z', 'y']]);
    expect(await seenBy(town.viewerOf('a', ['z', 'nobody']))).toEqual([['y', 'x']]);
    expect(await seenBy(town.viewerOf('a'))).toEqual([['z', 'y']]);
  }
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

test('fifty movies, posts or users are one call of Neo4j each', async () => {
  await using town = await openWithPeople();
  const names = Array.from({ length: 50 }, (_, index) => `x${index}`);
  for (const [type, field] of [['Movie'], ['Post'], ['User'], ['User', 'mutualFriends']] as const) {
    const calls = await callsDuring(async () => {
      const { lists, errors } = await town.ask(type, names, { viewer: town.viewerOf('a'), field });
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
  ['Post', 'likedByFriends(first: 101)'],
  ['User', 'mutualFriends(first: 0)'],
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

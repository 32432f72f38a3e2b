import { expect, test } from 'vitest';
import type { Viewer } from '../../gateway/request.ts';
import { callsDuring, openTestRoom } from '../../gateway/testing.ts';
import type { StreamEvent } from '../../schema/events/index.ts';
import { proposalBounds } from './bounds.ts';
import { neo4j } from './index.ts';
import { moviesOfFriends, peopleToFollow, watchedMovieIds } from './proposals.ts';
import { neo4jSink } from './sink.ts';
import {
  at,
  batchOf,
  blockChanged,
  followChanged,
  likeChanged,
  type OwnCorner,
  openCorner,
  profileChanged,
  watched,
} from './testing.ts';

/** Asks for a field of a user, as a fetch of the gateway does. */
async function ask(corner: OwnCorner, name: string, { field, viewer }: { field: string; viewer: Viewer | null }) {
  await using room = await openTestRoom(neo4j);
  const { data, errors } = await room.execute(
    `query ($id: ID!) { _entities(representations: [{ __typename: "User", id: $id }]) { ... on User { value: ${field} } } }`,
    { viewer, variables: { id: corner.id(name) } },
  );
  const [entity] = (data?._entities ?? []) as ({ value: unknown } | null)[];
  const value = JSON.parse(JSON.stringify(entity?.value ?? null).replaceAll(corner.id(''), ''));
  return { value, codes: errors?.map(({ extensions }) => extensions.code), errors };
}

const viewerOf = ({ id }: OwnCorner, name: string, blocks: string[] = []): Viewer => ({
  ...{ userId: id(name), scopes: [], blocks: blocks.map(id) },
});

const signals = {
  moviesOfFriends: 'moviesOfFriends { movieId friendIds friendCount }',
  watchedMovieIds: 'watchedMovieIds',
};

test('a person to follow comes with their score and its reasons', async () => {
  await using corner = await openCorner();
  const { id } = corner;
  await neo4jSink(corner.store).apply(
    batchOf([
      ...['b', 'c'].map((friend) => followChanged([id('a'), id(friend)], 1)),
      // Of two mutual friends; of one; and somebody whom she follows already.
      ...[followChanged([id('b'), id('x')], 1), followChanged([id('c'), id('x')], 1)],
      ...[
        followChanged([id('b'), id('y')], 1),
        followChanged([id('b'), id('c')], 1),
        followChanged([id('b'), id('a')], 1),
      ],
      // Liked by the one and told of by the other; liked by both and told of by one, which is one tag; and a like that is over.
      ...[likeChanged([id('a'), 'TAG', id('noir')], 1), profileChanged(id('x'), [id('noir'), id('drama')])],
      ...[likeChanged([id('a'), 'TAG', id('drama')], 1), likeChanged([id('x'), 'TAG', id('drama')], 1)],
      ...[likeChanged([id('a'), 'TAG', id('old')], 2), likeChanged([id('x'), 'TAG', id('old')], 1)],
      // What is liked and is no tag does not count.
      ...[likeChanged([id('a'), 'MOVIE', id('m')], 1), likeChanged([id('y'), 'MOVIE', id('m')], 1)],
    ]),
  );
  const field =
    'peopleToFollow { __typename user { id } score: mutualCount mutualCount: score mutuals { id } sharedTags }';
  const { value, errors } = await ask(corner, 'a', { field, viewer: viewerOf(corner, 'a') });
  expect(errors).toBeUndefined();
  const [__typename, b, c] = ['PersonToFollow', { id: 'b' }, { id: 'c' }];
  expect(value).toEqual([
    { __typename, user: { id: 'x' }, score: 2, mutualCount: 2.4, mutuals: [b, c], sharedTags: ['drama', 'noir'] },
    { __typename, user: { id: 'y' }, score: 1, mutualCount: 1, mutuals: [b], sharedTags: [] },
  ]);
});

test('films of friends that the user has not watched, and those that they have', async () => {
  await using corner = await openCorner();
  const { id } = corner;
  await neo4jSink(corner.store).apply(
    batchOf([
      ...['b', 'c'].map((friend) => followChanged([id('a'), id(friend)], 1)),
      ...[watched([id('b'), id('m')], 1), watched([id('b'), id('n')], 1), watched([id('c'), id('n')], 1)],
      ...[
        watched([id('b'), id('seen')], 1),
        watched([id('a'), id('seen')], 1, at(3)),
        watched([id('a'), id('last')], 1, at(9)),
      ],
      watched([id('stranger'), id('o')], 1),
    ]),
  );
  const viewer = viewerOf(corner, 'a');
  const proposed = await ask(corner, 'a', { field: signals.moviesOfFriends, viewer });
  expect(proposed.value).toEqual([
    { movieId: 'n', friendIds: ['b', 'c'], friendCount: 2 },
    { movieId: 'm', friendIds: ['b'], friendCount: 1 },
  ]);
  const own = await ask(corner, 'a', { field: signals.watchedMovieIds, viewer });
  expect(own.value).toEqual(['last', 'seen']);
  expect([proposed.errors, own.errors]).toEqual([undefined, undefined]);
});

test('whoever is blocked, in either direction, is proposed to nobody and counts for nothing', async () => {
  await using corner = await openCorner();
  const { id } = corner;
  await neo4jSink(corner.store).apply(
    batchOf([
      ...['b', 'c', 'd'].map((friend) => followChanged([id('a'), id(friend)], 1)),
      ...['b', 'c', 'd'].flatMap((friend) => ['x', 'y', 'z'].map((other) => followChanged([id(friend), id(other)], 1))),
      ...['b', 'c', 'd'].map((friend) => watched([id(friend), id('m')], 1)),
      // The ends of the follows have not come yet.
      ...[blockChanged([id('a'), id('b')], 1), blockChanged([id('c'), id('a')], 1)],
      ...[
        blockChanged([id('a'), id('x')], 1),
        blockChanged([id('y'), id('a')], 1),
        blockChanged([id('z'), id('a')], 2),
      ],
    ]),
  );
  const viewer = viewerOf(corner, 'a');
  const people = await ask(corner, 'a', { field: 'peopleToFollow { user { id } mutuals { id } }', viewer });
  expect(people.value).toEqual([{ user: { id: 'z' }, mutuals: [{ id: 'd' }] }]);
  const films = await ask(corner, 'a', { field: signals.moviesOfFriends, viewer });
  expect(films.value).toEqual([{ movieId: 'm', friendIds: ['d'], friendCount: 1 }]);
});

/** `a` follows b, c and d; all of them have watched m, b n as well; all follow x, and c and d follow y. */
async function openWithFriends() {
  const corner = await openCorner();
  const { id } = corner;
  await neo4jSink(corner.store).apply(
    batchOf([
      ...['b', 'c', 'd'].flatMap((friend) => [
        ...[followChanged([id('a'), id(friend)], 1), followChanged([id(friend), id('x')], 1)],
        watched([id(friend), id('m')], 1),
      ]),
      ...[followChanged([id('c'), id('y')], 1), followChanged([id('d'), id('y')], 1), watched([id('b'), id('n')], 1)],
    ]),
  );
  return corner;
}

test('whom the request knows to be blocked is not proposed before Neo4j knows, and is nobody’s mutual friend', async () => {
  await using corner = await openWithFriends();
  const proposed = async (...blocks: string[]) => {
    const field = 'peopleToFollow(first: 1) { user { id } mutuals { id } mutualCount }';
    return (await ask(corner, 'a', { field, viewer: viewerOf(corner, 'a', blocks) })).value;
  };
  const [b, c, d] = [{ id: 'b' }, { id: 'c' }, { id: 'd' }];
  expect(await proposed()).toEqual([{ user: { id: 'x' }, mutuals: [b, c, d], mutualCount: 3 }]);
  // The next one moves up.
  expect(await proposed('x', 'nobody')).toEqual([{ user: { id: 'y' }, mutuals: [c, d], mutualCount: 2 }]);
  expect(await proposed('c')).toEqual([{ user: { id: 'x' }, mutuals: [b, d], mutualCount: 2 }]);
  expect(await proposed('b', 'c', 'd')).toEqual([]);
});

test('films of whom the request knows to be blocked count for nothing before Neo4j knows', async () => {
  await using corner = await openWithFriends();
  const films = async (...blocks: string[]) =>
    (await ask(corner, 'a', { field: signals.moviesOfFriends, viewer: viewerOf(corner, 'a', blocks) })).value;
  const [m, n] = [{ movieId: 'm' }, { movieId: 'n' }];
  expect(await films()).toEqual([
    { ...m, friendIds: ['b', 'c', 'd'], friendCount: 3 },
    { ...n, friendIds: ['b'], friendCount: 1 },
  ]);
  expect(await films('b')).toEqual([{ ...m, friendIds: ['c', 'd'], friendCount: 2 }]);
});

test.each([
  ['a visitor', null, 'UNAUTHENTICATED'],
  ['a stranger', { userId: 'stranger', scopes: ['analytics'] }, 'FORBIDDEN'],
] as const)('%s is told nothing, and Neo4j is not asked', async (_, viewer, code) => {
  await using corner = await openCorner();
  const calls = await callsDuring(async () => {
    const people = await ask(corner, 'a', { field: 'peopleToFollow { score }', viewer });
    expect([people.value, people.codes]).toEqual([null, [code]]);
    for (const field of Object.values(signals)) {
      const { value, errors } = await ask(corner, 'a', { field, viewer });
      expect([value, errors]).toEqual([null, undefined]);
    }
  });
  // Opening a room migrates and warms up.
  expect(calls.filter(({ origin }) => origin)).toEqual([]);
});

test.each([0, 101])('a first of %i is refused', async (first) => {
  await using corner = await openCorner();
  const field = `peopleToFollow(first: ${first}) { score }`;
  const { value, errors } = await ask(corner, 'a', { field, viewer: viewerOf(corner, 'a') });
  expect(value).toBeNull();
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument: ['first'] });
});

test('fifty users are one statement, and nobody knows of somebody who is not there', async () => {
  await using corner = await openCorner();
  const ids = Array.from({ length: 50 }, (_, index) => corner.id(`nobody${index}`));
  const nothing = ids.map(() => []);
  const calls = await callsDuring(async () => {
    expect(
      await peopleToFollow(
        corner.store,
        ids.map((userId) => ({ userId, first: 5, hiddenIds: [] })),
      ),
    ).toEqual(nothing);
    expect(
      await moviesOfFriends(
        corner.store,
        ids.map((userId) => ({ userId, hiddenIds: [] })),
      ),
    ).toEqual(nothing);
    expect(await watchedMovieIds(corner.store, ids)).toEqual(nothing);
  });
  expect(calls).toHaveLength(3);
});

test('so much of the graph is read, and no more', async () => {
  await using corner = await openCorner();
  const { id, store } = corner;
  const { friends, followsOfAFriend, candidates } = proposalBounds;
  const upTo = <T>(bound: bigint, make: (index: number) => T) =>
    Array.from({ length: Number(bound) }, (_, i) => make(i));
  const apply = (...events: StreamEvent[]) => neo4jSink(store).apply(batchOf(events));
  const proposed = async (name: string, hiddenIds: string[] = []) =>
    (await peopleToFollow(store, [{ userId: id(name), first: 100, hiddenIds }]))[0]?.map(({ userId }) => userId);
  const films = async (hiddenIds: string[] = []) => (await moviesOfFriends(store, [{ userId: id('a'), hiddenIds }]))[0];

  // The friend who was followed first is one too many.
  const many = upTo(friends, (index) => followChanged([id('a'), id(`friend${index}`)], 3));
  await apply(
    followChanged([id('a'), id('first')], 1),
    followChanged([id('first'), id('x')], 1),
    watched([id('first'), id('m')], 1),
  );
  expect(await proposed('a')).toEqual([id('x')]);
  const film = { movieId: id('m'), friendIds: [id('first')], friendCount: 1 };
  expect(await films()).toEqual([film]);
  await apply(...many);
  expect(await proposed('a')).toEqual([]);
  expect(await films()).toEqual([]);
  // Who is hidden takes nobody's place.
  expect(await proposed('a', [id('friend7')])).toEqual([id('x')]);
  expect(await films([id('friend7')])).toEqual([film]);

  // A friend who follows one more than that many says nothing by it.
  const followees = upTo(followsOfAFriend, (index) => id(`z${String(index).padStart(4, '0')}`));
  await apply(
    followChanged([id('b'), id('c')], 1),
    ...followees.map((followee) => followChanged([id('c'), followee], 1)),
  );
  expect(await proposed('b')).toEqual(followees.slice(0, 100));

  // One who likes the same comes first, unless more than enough others have as many mutual friends.
  const [within = '', beyond = ''] = followees.slice(Number(candidates) - 1);
  await apply(...[id('b'), within, beyond].map((user) => likeChanged([user, 'TAG', id('tag')], 1)));
  expect(await proposed('b')).toEqual([within, ...followees.slice(0, 99)]);
  expect(await proposed('b', followees.slice(0, 1))).toEqual([within, beyond, ...followees.slice(1, 99)]);

  await apply(followChanged([id('c'), id('one more')], 1));
  expect(await proposed('b')).toEqual([]);
});

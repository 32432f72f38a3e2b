import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { chunks } from '../../gateway/batches.ts';
import type { StreamEvent } from '../../schema/events/index.ts';
import { createRandom, type Random } from '../../seed/generate/random.ts';
import { moviesOfFriends, peopleToFollow, watchedMovieIds } from './proposals.ts';
import { followers, following, friendsWhoWatched, likedByFriends, mutualFriends } from './queries.ts';
import { neo4jSink } from './sink.ts';
import { batchOf, delivered, openCorner } from './testing.ts';
import { bruteForce, randomTown } from './town.ts';

const inAnyOrder = (events: readonly StreamEvent[], random: Random) => delivered(events, random, 150);
const newestFirstAndTwice = (events: readonly StreamEvent[]) => [
  ...chunks(events.toReversed(), 150),
  ...chunks(events.toReversed(), 70),
];

test.each([
  ['one', inAnyOrder],
  ['two', newestFirstAndTwice],
  // The title names the seed: put it here to see the same again.
  [randomUUID(), inAnyOrder],
])(
  'every answer is what comparing everybody with everybody gives, seed %s',
  async (seed, deliver) => {
    await using corner = await openCorner();
    const { store } = corner;
    const random = createRandom(seed);
    const town = randomTown(corner, random);
    const sink = neo4jSink(store);
    for (const events of deliver(town.events, random)) await sink.apply(batchOf(events));
    const { users, posts, movies } = town;
    const hiddenIds = random.shuffle(users).slice(0, 4);
    const expected = bruteForce(town, hiddenIds);
    const page = { first: 100, hiddenIds };

    const proposed = users.map(expected.peopleToFollow);
    const asked = users.map((userId) => ({ ...page, userId }));
    expect(await peopleToFollow(store, asked)).toEqual(proposed);
    const few = await peopleToFollow(store, [...asked.map((key) => ({ ...key, first: 1 })), ...asked.slice(0, 1)]);
    expect(few).toEqual([...proposed.map((people) => people.slice(0, 1)), proposed[0]]);
    // The towns have all that is to be told apart.
    const all = proposed.flat();
    expect(all.some(({ mutualCount }) => mutualCount > 5)).toBe(true);
    expect(all.some(({ sharedTags }) => sharedTags.length > 1)).toBe(true);
    expect(proposed.some((people) => people.some((a, i) => a.mutualCount < (people[i + 1]?.mutualCount ?? 0)))).toBe(
      true,
    );

    expect(await moviesOfFriends(store, asked)).toEqual(users.map(expected.moviesOfFriends));
    expect(await watchedMovieIds(store, users)).toEqual(users.map(expected.watchedMovieIds));
    for (const viewerId of users) {
      expect(
        await mutualFriends(
          store,
          users.map((userId) => ({ ...page, viewerId, userId })),
        ),
      ).toEqual(users.map((user) => expected.mutualFriends(viewerId, user)));
      expect(
        await likedByFriends(
          store,
          posts.map((postId) => ({ ...page, viewerId, postId })),
        ),
      ).toEqual(posts.map((post) => expected.likedByFriends(viewerId, post)));
      expect(
        await friendsWhoWatched(
          store,
          movies.map((movieId) => ({ ...page, viewerId, movieId })),
        ),
      ).toEqual(movies.map((movie) => expected.friendsWhoWatched(viewerId, movie)));
    }
    expect(await following(store, asked)).toEqual(users.map(expected.following));
    expect(await followers(store, asked)).toEqual(users.map(expected.followers));
  },
  120_000,
);

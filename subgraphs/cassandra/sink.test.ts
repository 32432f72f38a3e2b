import { describe, expect, test } from 'vitest';
import { callsDuring } from '../../gateway/testing.ts';
import { retentionDays } from './migrations.ts';
import { cassandraSink } from './sink.ts';
import type { Statement } from './store.ts';
import {
  batchOf,
  chance,
  eventOf,
  minutesAgo,
  openCorner,
  type Watched,
  type WatchRecorded,
  watchesOf,
} from './testing.ts';

/** Every event once or more often, in any order, cut anyhow. */
function delivered(events: readonly WatchRecorded[], random: () => number): WatchRecorded[][] {
  const copies = events.flatMap((event) => Array.from({ length: 1 + Math.floor(random() * 3) }, () => event));
  const order = copies.map((event) => ({ event, at: random() })).sort((a, b) => a.at - b.at);
  const batches: WatchRecorded[][] = [[]];
  for (const { event } of order) {
    if (random() < 0.3) batches.push([]);
    batches.at(-1)?.push(event);
  }
  return batches;
}

/** Deeds of one user with two movies: late ones, ones at the same time, completed ones and ones taken up again. */
function deedsOf(random: () => number): Watched[] {
  return Array.from({ length: 12 }, (_, index) => ({
    movieId: random() < 0.7 ? 'm1' : 'm2',
    watchedAt: minutesAgo(random() < 0.3 ? 20 + Math.floor(random() * 6) : 12 - index),
    positionSeconds: index,
    completed: random() < 0.25,
  }));
}

test('in any order, any number of times and in any batches, the end is the same', async () => {
  await using corner = await openCorner();
  const sink = cassandraSink(corner.store);
  for (let seed = 1; seed <= 25; seed += 1) {
    const random = chance(seed);
    const deeds = deedsOf(random);
    const [inOrder, shuffled] = [corner.user(), corner.user()];
    const events = watchesOf(inOrder, deeds);
    await sink.apply(batchOf(events));
    const same = events.map((event) => ({ ...event, data: { ...event.data, userId: shuffled } }));
    for (const batch of delivered(same, random)) await sink.apply(batchOf(batch));

    const withoutUser = (rows: object[]) => rows.map((row) => ({ ...row, user_id: null }));
    const [expected, actual] = [await corner.read(inOrder), await corner.read(shuffled)];
    expect(withoutUser(actual.places), `seed ${seed}`).toEqual(withoutUser(expected.places));
    expect(withoutUser(actual.activity), `seed ${seed}`).toEqual(withoutUser(expected.activity));
    expect(expected.activity).toHaveLength(deeds.length);

    // What the source says of each movie in the end.
    const last = new Map(events.map((event) => [event.data.movieId, event.data.playback]));
    const started = [...last].filter(([, { completed }]) => !completed);
    expect(expected.places).toHaveLength(started.length);
    expect(new Set(expected.places.map((row) => (row as { movie_id: string }).movie_id))).toEqual(
      new Set(started.map(([movieId]) => movieId)),
    );
  }
});

describe('the movie to go on with', () => {
  const places = async (deeds: (Omit<Watched, 'movieId'> & { movieId?: string })[]) => {
    await using corner = await openCorner();
    const user = corner.user();
    const events = watchesOf(
      user,
      deeds.map((deed) => ({ movieId: 'm1', ...deed })),
    );
    await cassandraSink(corner.store).apply(batchOf(events));
    return (await corner.read(user)).places.map((row) => {
      const { movie_id, position_seconds } = row as Record<string, string>;
      return `${movie_id} ${position_seconds}`;
    });
  };
  const at = (minutes: number, deed: object = {}) => ({ watchedAt: minutesAgo(minutes), ...deed });

  test('stands once, where it was last watched', async () => {
    expect(await places([at(9), at(8, { movieId: 'm2' }), at(5, { positionSeconds: 500 })])).toEqual([
      'm1 500',
      'm2 60',
    ]);
  });

  test('goes when it was watched to the end, and comes back when it is taken up again', async () => {
    expect(await places([at(9), at(8, { completed: true })])).toEqual([]);
    expect(await places([at(9), at(8, { completed: true }), at(7, { positionSeconds: 5 })])).toEqual(['m1 5']);
    const begun = at(9);
    expect(await places([begun, { ...begun, completed: true }])).toEqual([]);
  });

  test('stays where it is when a late watch comes', async () => {
    expect(await places([at(5, { positionSeconds: 500 }), at(9)])).toEqual(['m1 500']);
    expect(await places([at(5, { completed: true }), at(9)])).toEqual([]);
  });
});

test('what a user did beyond watching stands once, however often and in whatever order it comes', async () => {
  await using corner = await openCorner();
  const [user, other] = [corner.user(), corner.user()];
  const changedAt = minutesAgo(5).toISOString();
  const edge = { followerId: user, followeeId: other, changedAt };
  const like = { userId: user, kind: 'TAG' as const, targetId: 'noir', changedAt };
  const events = [
    eventOf('follow.changed', { ...edge, follows: true }),
    eventOf('follow.changed', { ...edge, follows: false }, 2),
    eventOf('like.changed', { ...like, likes: true }),
    eventOf('like.changed', { ...like, likes: false }, 2),
    eventOf('comment.added', { commentId: 'c1', postId: 'p1', authorId: other, body: 'B', createdAt: changedAt }),
  ];
  const sink = cassandraSink(corner.store);
  await sink.apply(batchOf(events.toReversed()));
  const before = [await corner.read(user), await corner.read(other)];
  expect(before.map(({ social }) => social.length)).toEqual([4, 1]);
  // The last is the newest first, redriven long after: the version that it had then changes nothing.
  for (const batch of [events, events.slice(1, 3), events.slice(0, 1)]) await sink.apply(batchOf(batch));
  expect([await corner.read(user), await corner.read(other)]).toEqual(before);
});

test('an import of watches, follows and likes from 1996 to 2018 neither fails nor leaves a row that has expired', async () => {
  await using corner = await openCorner();
  const user = corner.user();
  const years = Array.from({ length: 23 }, (_, index) => new Date(Date.UTC(1996 + index, 2, 29)));
  const watched = years.map((watchedAt, index) => ({ movieId: `m${index}`, watchedAt, completed: index % 2 === 0 }));
  const watches = watchesOf(user, watched);
  const likes = years.map((year) => {
    const like = { userId: user, kind: 'MOVIE' as const, targetId: 'm1', likes: true };
    return eventOf('like.changed', { ...like, changedAt: year.toISOString() });
  });
  const sink = cassandraSink(corner.store);
  const statements: string[] = [];
  const calls = await callsDuring(() => sink.apply(batchOf([...watches, ...likes])));
  for (const { parameters } of calls) {
    const batch = parameters as { statements: readonly Statement[] };
    statements.push(
      ...batch.statements.flatMap(({ query }) => query.match(/(INSERT INTO|DELETE FROM) \w+\.\w+/g) ?? []),
    );
  }
  // A movie that was begun is gone on with, however long ago. One that was watched to the end at once leaves no tombstone.
  const begun = watched.filter(({ completed }) => !completed);
  expect(statements).toEqual(begun.map(() => `INSERT INTO ${corner.store.keyspace}.continue_watching_by_user`));
  const { activity, places, social } = await corner.read(user);
  expect([activity, social]).toEqual([[], []]);
  expect(places.map((row) => (row as { movie_id: string }).movie_id)).toEqual(
    begun.map(({ movieId }) => movieId).toReversed(),
  );
  expect(await callsDuring(() => sink.apply(batchOf(likes)))).toEqual([]);
});

test('a row expires 400 days after it was watched, however late it is written', async () => {
  await using corner = await openCorner();
  const user = corner.user();
  const dayMinutes = 24 * 60;
  const events = watchesOf(user, [
    { movieId: 'm1', watchedAt: minutesAgo((retentionDays + 1) * dayMinutes) },
    { movieId: 'm2', watchedAt: minutesAgo(100 * dayMinutes) },
  ]);
  await cassandraSink(corner.store).apply(batchOf(events));
  const query = `SELECT movie_id, TTL(action) AS ttl, WRITETIME(action) AS written
FROM ${corner.store.keyspace}.user_activity_by_user WHERE user_id = ?`;
  const [rows = []] = await corner.store.read(query, [[user]]);
  expect(rows.map(({ movie_id }) => movie_id)).toEqual(['m2']);
  expect(rows[0]?.ttl / 86_400).toBeCloseTo(retentionDays - 100, 2);
  expect(rows[0]?.written).toBe(BigInt(Date.parse(events[1]?.data.watchedAt ?? '')) * 1_000n);
});

test('a full batch is few writes, each of one user and small enough for Cassandra not to warn', async () => {
  await using corner = await openCorner();
  const users = [corner.user(), corner.user()];
  const events = users.flatMap((user) =>
    watchesOf(
      user,
      Array.from({ length: 250 }, (_, index) => ({ movieId: `m${index % 9}`, watchedAt: minutesAgo(500 - index) })),
    ),
  );
  const calls = await callsDuring(() => cassandraSink(corner.store).apply(batchOf(events)));
  expect(calls).toHaveLength(2 * Math.ceil(250 / 15));
  expect((await corner.read(users[0] ?? '')).activity).toHaveLength(250);
});

test('a poisonous event fails, and the others of its batch may be applied without it', async () => {
  await using corner = await openCorner();
  const [user, other] = [corner.user(), corner.user()];
  const [good, poison] = [
    ...watchesOf(user, [{ movieId: 'm1', watchedAt: minutesAgo(1) }]),
    ...watchesOf(other, [{ movieId: 'm1', watchedAt: new Date('9999-01-01') }]),
  ] as [WatchRecorded, WatchRecorded];
  const sink = cassandraSink(corner.store);
  await expect(sink.apply(batchOf([poison, good]))).rejects.toMatchObject({ extensions: { code: 'STORE_ERROR' } });
  await sink.apply(batchOf([good]));
  expect((await corner.read(user)).activity).toHaveLength(1);
  expect((await corner.read(other)).activity).toHaveLength(0);
  await sink.probe();
});

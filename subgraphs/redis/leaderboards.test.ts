import { randomInt } from 'node:crypto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Rewind } from '../../fanout/sink.ts';
import { callsDuring } from '../../gateway/testing.ts';
import type { StreamEventOf } from '../../schema/events/index.ts';
import { createRandom, type Random } from '../../seed/generate/random.ts';
import { dayMs, dayOf, nameOfDay } from './days.ts';
import { keys } from './keys.ts';
import { leaderboards, movieCounters } from './queries.ts';
import { redisSink } from './sink.ts';
import { type OwnCorner, openOwnDatabase } from './testing.ts';

type Play = StreamEventOf<'watch.recorded'>;

/** Noon of this day: leaderboards change at midnight. */
const start = dayOf(Date.now()) * dayMs + dayMs / 2;
let own: Awaited<ReturnType<typeof openOwnDatabase>>;
let corner: OwnCorner;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: start });
  own = await openOwnDatabase();
  corner = own.corner;
});

afterEach(async () => {
  await own?.[Symbol.asyncDispose]();
  vi.useRealTimers();
});

/** Plays of the last nine days, some told late, and a few other actions. */
function randomPlays(random: Random, movies: readonly string[]): Play[] {
  return Array.from({ length: 400 }, () => {
    const watchedAt = new Date(start - random.int(0, 9 * dayMs));
    const recordedAt = new Date(random.chance(0.3) ? random.int(watchedAt.getTime(), start) : watchedAt);
    // Few are watched often, so that there are ties as well.
    const movie = movies[random.int(0, random.int(0, movies.length - 1))] ?? '';
    return corner.play(movie, { watchedAt, recordedAt, action: random.chance(0.1) ? 'STOP' : 'PLAY' });
  });
}

/** Cuts events into batches behind the offset. */
async function apply(random: Random, plays: readonly Play[], firstOffset = 0) {
  const sink = redisSink(corner.store);
  for (let at = 0; at < plays.length; ) {
    const size = random.int(1, 60);
    const batch = corner.batch(firstOffset + at, plays.slice(at, at + size));
    await sink.apply(batch).catch((error: unknown) => {
      // A sink that has just started asks once, where it lacks what lies before.
      if (!(error instanceof Rewind)) throw error;
      return sink.apply(batch);
    });
    at += size;
  }
}

/** What the events say, counted one by one. */
function bruteForce(plays: readonly Play[], { days, today }: { days: number; today: number }) {
  const views = new Map<string, number>();
  for (const { data } of plays) {
    const day = dayOf(Date.parse(data.watchedAt));
    if (data.action !== 'PLAY' || day > today || day <= today - days) continue;
    views.set(data.movieId, (views.get(data.movieId) ?? 0) + 1);
  }
  return [...views]
    .map(([movieId, count]) => ({ movieId, views: count }))
    .sort((a, b) => b.views - a.views || (a.movieId < b.movieId ? 1 : -1));
}

test('days and weeks are what a brute force counts, today and on the days to come, also delivered twice', async () => {
  const seed = String(randomInt(2 ** 31));
  const random = createRandom(seed);
  const movies = Array.from({ length: 12 }, () => corner.movie());
  const plays = randomPlays(random, movies);
  const compare = async () => {
    for (let later = 0; later < 9; later += 1) {
      vi.setSystemTime(start + later * dayMs);
      const today = dayOf(Date.now());
      const [day, week] = await leaderboards(corner.store, ['DAY', 'WEEK']);
      expect(day, `day ${later}, seed ${seed}`).toEqual(bruteForce(plays, { days: 1, today }));
      expect(week, `week ${later}, seed ${seed}`).toEqual(bruteForce(plays, { days: 7, today }));
    }
    vi.setSystemTime(start);
  };
  await apply(random, random.shuffle(plays));
  await compare();
  // In other batches, below the position and at new offsets.
  await apply(random, plays);
  await apply(random, random.shuffle(plays), plays.length);
  await compare();
});

test('Redis lost data: what is still read comes back from the log', async () => {
  const random = createRandom('lost');
  const plays = randomPlays(random, [corner.movie(), corner.movie(), corner.movie()]);
  await apply(random, plays);
  const before = await leaderboards(corner.store, ['DAY', 'WEEK']);
  await corner.store.call('test', (redis) => redis.flushdb());
  expect(await leaderboards(corner.store, ['DAY', 'WEEK'])).toEqual([[], []]);
  await apply(random, plays);
  expect(await leaderboards(corner.store, ['DAY', 'WEEK'])).toEqual(before);
});

test('a leaderboard lives for a day after its last one, and a play of long ago leaves none behind', async () => {
  const sink = redisSink(corner.store);
  const movie = corner.movie();
  const today = dayOf(start);
  const ttlOf = (key: string) => corner.store.call('test', (redis) => redis.expiretime(key));
  await sink.apply(corner.batch(0, [corner.play(movie)]));
  expect(await ttlOf(keys.leaderboardOfDay(nameOfDay(today)))).toBe(((today + 2) * dayMs) / 1_000);
  expect(await ttlOf(keys.leaderboardOfWeek(nameOfDay(today + 6)))).toBe(((today + 8) * dayMs) / 1_000);

  const longAgo = corner.play(movie, { watchedAt: new Date('2001-02-03T12:00:00Z') });
  await sink.apply(corner.batch(1, [longAgo]));
  expect(await ttlOf(keys.leaderboardOfDay('2001-02-03'))).toBe(-2);
  expect(await corner.views(movie)).toBe(2);
});

test('the leaderboard of all time has the places that rank tells; of equal movies the later id comes first', async () => {
  const [first = '', ...others] = Array.from({ length: 4 }, () => corner.movie()).toSorted();
  const watchedAt = new Date('2001-02-03T12:00:00Z');
  const plays = [first, first, ...others].map((id) => corner.play(id, { watchedAt }));
  await redisSink(corner.store).apply(corner.batch(0, plays));
  const inOrder = [first, ...others.toReversed()];
  const [all, week] = await leaderboards(corner.store, ['ALL', 'WEEK']);
  expect(all).toEqual(inOrder.map((movieId) => ({ movieId, views: movieId === first ? 2 : 1 })));
  expect(week).toEqual([]);
  expect((await movieCounters(corner.store, inOrder)).map(({ rank }) => rank)).toEqual([1, 2, 3, 4]);
});

const page = `query ($users: [_Any!]!) {
  day: leaderboard(window: DAY, first: 1) { rank views movie { id } }
  leaderboard { rank views movie { id } }
  _entities(representations: $users) { ... on User { popularMovies { movieId views } } }
}`;

test('a page asks once, whatever it wants; what is popular is for the user themselves', async () => {
  const [often, once] = [corner.movie(), corner.movie()];
  const plays = [corner.play(often), corner.play(often), corner.play(once, { watchedAt: new Date(start - dayMs) })];
  await redisSink(corner.store).apply(corner.batch(0, plays));
  const variables = { users: ['u1', 'u2'].map((id) => ({ __typename: 'User', id })) };
  const ask = (userId: string | null) =>
    own.room.execute(page, { viewer: userId === null ? null : { userId, scopes: [] }, variables });

  let answer: Awaited<ReturnType<typeof ask>> = {};
  const calls = await callsDuring(async () => {
    answer = await ask('u1');
  });
  expect(calls).toHaveLength(1);
  expect(answer.errors).toBeUndefined();
  const [best, next] = [
    { rank: 1, views: 2, movie: { id: often } },
    { rank: 2, views: 1, movie: { id: once } },
  ];
  const popularMovies = [best, next].map(({ views, movie }) => ({ movieId: movie.id, views }));
  expect(JSON.parse(JSON.stringify(answer.data))).toEqual({
    day: [best],
    leaderboard: [best, next],
    _entities: [{ popularMovies }, { popularMovies: null }],
  });
  expect((await ask(null)).data?._entities).toEqual([{ popularMovies: null }, { popularMovies: null }]);
});

test.each([0, 101])('leaderboard(first: %i) is refused', async (first) => {
  const { errors } = await own.room.execute(`{ leaderboard(window: ALL, first: ${first}) { rank } }`);
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument: ['first'] });
});

import { expect, test } from 'vitest';
import type { PlaybackFact, Source } from '../../fanout/sink.ts';
import { cassandraSink } from './sink.ts';
import { batchOf, minutesAgo, openCorner, type WatchRecorded, watchesOf } from './testing.ts';
import { compare } from './verify.ts';

async function* nothing() {}

/** The source of truth after these events. */
function sourceOf(events: readonly WatchRecorded[]): Source {
  const playbacks = new Map<string, PlaybackFact>();
  for (const { subject, data } of events) {
    const { userId, movieId, playback } = data;
    const lastWatchedAt = new Date(playback.lastWatchedAt);
    playbacks.set(subject, { ...playback, userId, movieId, lastWatchedAt });
  }
  return {
    watches: async function* () {
      yield events.map(({ id, data }) => ({ ...data, eventId: id, watchedAt: new Date(data.watchedAt) }));
    },
    playbacks: async function* () {
      yield [...playbacks.values()];
    },
    aggregates: nothing,
  };
}

test('names what differs, and nothing that does not', async () => {
  await using corner = await openCorner();
  const { store } = corner;
  const user = corner.user();
  const sink = cassandraSink(store);
  const [first, second, third, lost, extra] = watchesOf(user, [
    { movieId: 'm1', watchedAt: minutesAgo(9) },
    { movieId: 'm1', watchedAt: minutesAgo(8) },
    { movieId: 'm2', watchedAt: minutesAgo(7), completed: true },
    { movieId: 'm3', watchedAt: minutesAgo(6) },
    { movieId: 'm4', watchedAt: minutesAgo(5) },
  ]) as [WatchRecorded, WatchRecorded, WatchRecorded, WatchRecorded, WatchRecorded];
  // Cassandra is shared: whatever other tests write differs from this source.
  const own = async (source: Source) => (await compare(store, source)).filter(({ what }) => what.includes(user));
  await sink.apply(batchOf([first, second, third]));
  expect(await own(sourceOf([first, second, third]))).toEqual([]);

  await sink.apply(batchOf([extra]));
  const place = (event: WatchRecorded) => `60 s at ${event.data.playback.lastWatchedAt}`;
  expect(await own(sourceOf([first, second, third, lost]))).toEqual([
    { what: `activity ${extra.id} of user ${user}`, expected: 'absent', actual: 'present' },
    { what: `activity ${lost.id} of user ${user}`, expected: 'present', actual: 'absent' },
    { what: `continuing movie m3 of user ${user}`, expected: place(lost), actual: 'absent' },
    { what: `continuing movie m4 of user ${user}`, expected: 'absent', actual: place(extra) },
  ]);

  // A movie that stands in two places.
  await store.write([
    {
      query: `INSERT INTO ${store.keyspace}.continue_watching_by_user
  (user_id, last_watched_at, movie_id, position_seconds) VALUES (?, ?, 'm1', 60)`,
      params: [user, Date.parse(first.data.watchedAt)],
    },
  ]);
  expect(await own(sourceOf([first, second, third, extra]))).toEqual([
    {
      what: `continuing movie m1 of user ${user}`,
      expected: place(second),
      actual: `${place(second)} and ${place(first)}`,
    },
  ]);
});

test('names fifty of a kind and counts the rest', async () => {
  await using corner = await openCorner();
  const deeds = Array.from({ length: 60 }, (_, index) => ({ movieId: `m${index}`, watchedAt: minutesAgo(index) }));
  const differences = await cassandraSink(corner.store).verify(sourceOf(watchesOf(corner.user(), deeds)));
  const missing = differences.filter(({ what, actual }) => what.startsWith('activity ') && actual === 'absent');
  expect(missing).toHaveLength(51);
  expect(missing.at(-1)?.what).toMatch(/ and 9 more like it$/);
});

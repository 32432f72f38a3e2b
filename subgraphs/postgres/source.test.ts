import { expect, test } from 'vitest';
import { changeMovies, importUsers, recordWatches } from './commands.ts';
import { movie, newId, openTestPostgres, watch } from './testing.ts';

async function all<Row>(chunks: AsyncIterable<readonly Row[]>): Promise<{ sizes: number[]; rows: Row[] }> {
  const [sizes, rows]: [number[], Row[]] = [[], []];
  for await (const chunk of chunks) {
    sizes.push(chunk.length);
    rows.push(...chunk);
  }
  return { sizes, rows };
}

test('gives every watch, playback and newest event of an aggregate, in chunks', async () => {
  await using room = await openTestPostgres();
  const [userId, movieId] = [newId('u'), newId('m')];
  await importUsers(room.store, [{ id: userId, email: `${userId}@example.org`, name: 'Alice' }]);
  await changeMovies(room.store, [movie(movieId)]);
  await changeMovies(room.store, [movie(movieId, { title: 'Changed' })]);
  const watchedAt = new Date('2026-01-01T20:00:00Z');
  const recorded = await recordWatches(
    room.store,
    Array.from({ length: 5_100 }, (_, n) => watch(userId, movieId, { watchedAt, positionSeconds: n })),
  );

  const watches = await all(room.source.watches());
  expect(watches.sizes).toEqual([5_000, 100]);
  expect(watches.rows).toEqual(
    recorded.map(({ eventId }) => ({ eventId, userId, movieId, action: 'PLAY', watchedAt })),
  );
  expect((await all(room.source.playbacks())).rows).toEqual([
    { userId, movieId, lastWatchedAt: watchedAt, positionSeconds: 5_099, completed: false },
  ]);
  const [signedUp] = await room.events(userId);
  const changed = (await room.events(movieId)).at(-1);
  expect((await all(room.source.aggregates())).rows).toEqual([
    { type: 'user.signed_up', id: userId, version: 1, eventId: signedUp?.id },
    { type: 'movie.changed', id: movieId, version: 2, eventId: changed?.id },
  ]);
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseEvent } from '../../../schema/events/index.ts';
import { changeMovies } from '../commands.ts';
import { moviesById } from '../queries.ts';
import { movie, newId, openTestPostgres, type TestPostgres } from '../testing.ts';

let room: TestPostgres;
beforeAll(async () => {
  room = await openTestPostgres();
});
afterAll(() => room[Symbol.asyncDispose]());

test('raises the version of what differs, and of that only', async () => {
  const [same, changed] = [movie(newId('m')), movie(newId('m'), { licensedFrom: '2026-01-31' })];
  expect(await changeMovies(room.store, [same, changed])).toEqual([same.id, changed.id]);
  expect(await changeMovies(room.store, [same, changed])).toEqual([]);
  const renamed = { ...changed, title: 'Another title', licensedFrom: null };
  expect(await changeMovies(room.store, [same, renamed])).toEqual([changed.id]);

  const events = await room.events(same.id, changed.id);
  expect(events.map(({ subject, version }) => [subject, version])).toEqual([
    [same.id, 1],
    [changed.id, 1],
    [changed.id, 2],
  ]);
  const { title, synopsis, releaseYear, runtimeMinutes, genres, tags } = renamed;
  const data = { movieId: changed.id, title, synopsis, releaseYear, runtimeMinutes, genres, tags };
  expect(events[2]).toMatchObject({ type: 'movie.changed', actor: null, data });
  expect(await moviesById(room.store, [changed.id])).toMatchObject([{ title: 'Another title', licensedFrom: null }]);
});

test('ids that the film has elsewhere are in the event where they are known', async () => {
  const bare = movie(newId('m'));
  await changeMovies(room.store, [bare]);
  const known = { ...bare, imdbId: 'tt1375666', tmdbId: '27205' };
  expect(await changeMovies(room.store, [known])).toEqual([bare.id]);
  expect(await changeMovies(room.store, [known])).toEqual([]);
  expect(await changeMovies(room.store, [bare])).toEqual([bare.id]);
  const events = await room.events(bare.id);
  expect(events.map((event) => parseEvent(JSON.stringify(event)))).toEqual(events);
  const [without, withIds, withoutAgain] = events.map(({ data }) => data);
  expect(withIds).toEqual({ ...without, imdbId: 'tt1375666', tmdbId: '27205' });
  expect(withoutAgain).toEqual(without);
  expect(await moviesById(room.store, [bare.id])).toMatchObject([{ imdbId: null, tmdbId: null }]);
});

test('loaders at once write each version once, in order', async () => {
  const ids = Array.from({ length: 20 }, () => newId('m'));
  const load = (title: string) =>
    changeMovies(
      room.store,
      ids.map((id) => movie(id, { title })),
    );
  await Promise.all(['A', 'B', 'C', 'B', 'A'].map(load));
  const events = await room.events(...ids);
  for (const [, ofMovie] of Map.groupBy(events, ({ subject }) => subject)) {
    expect(ofMovie.map(({ version }) => version)).toEqual(ofMovie.map((_, index) => index + 1));
  }
});

test.each([
  ['title', { title: '' }],
  ['synopsis', { synopsis: 'x'.repeat(5_001) }],
  ['releaseYear', { releaseYear: 1800 }],
  ['runtimeMinutes', { runtimeMinutes: 0 }],
  ['licensedFrom', { licensedFrom: '31.1.2026' }],
  ['imdbId', { imdbId: '1375666' }],
  ['tmdbId', { tmdbId: 'x' }],
  ['licensedUntil', { licensedFrom: '2026-02-01', licensedUntil: '2026-01-31' }],
])('refuses a wrong %s and writes none', async (name, parts) => {
  const [good, bad] = [movie(newId('m')), movie(newId('m'), parts)];
  await expect(changeMovies(room.store, [good, bad])).rejects.toMatchObject({
    extensions: { code: 'BAD_USER_INPUT', argument: ['movies', '1', name] },
  });
  expect(await room.events(good.id, bad.id)).toEqual([]);
});

import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { checkInput, filledText, idText, text } from '../../../gateway/input.ts';
import { makeEvent, writeOutbox } from '../outbox.ts';
import type { PostgresStore } from '../store.ts';

const word = filledText(100);
const day = z.iso.date().nullable().default(null);
const imdbId = z.string().regex(/^tt\d{7,10}$/, 'is not an id of IMDb, such as tt1375666');
const tmdbId = z.string().regex(/^\d{1,10}$/, 'is not an id of TMDB, such as 27205');

const movieInput = z
  .object({
    id: idText,
    title: filledText(300),
    synopsis: text(5_000),
    releaseYear: z.int().min(1888).max(2200),
    runtimeMinutes: z.int().min(1).max(1_440),
    genres: z.array(word).max(20),
    tags: z.array(word).max(100),
    licensedFrom: day,
    licensedUntil: day,
    imdbId: imdbId.nullable().default(null),
    tmdbId: tmdbId.nullable().default(null),
  })
  .refine(({ licensedFrom, licensedUntil }) => !licensedFrom || !licensedUntil || licensedFrom <= licensedUntil, {
    path: ['licensedUntil'],
    message: 'is before licensedFrom',
  });

export type MovieInput = z.input<typeof movieInput>;
type Movie = z.output<typeof movieInput>;

/**
 * Puts movies into the catalogue as given. Only those that are new or differ get a new version and the event
 * `movie.changed`, so loading the same catalogue again changes nothing.
 * @returns the ids of the movies that were new or differed
 * @throws BAD_USER_INPUT with the argument's path
 */
export async function changeMovies(store: PostgresStore, movies: readonly MovieInput[]): Promise<string[]> {
  const checked = movies.map((movie, index) => checkInput(movieInput, movie, ['movies', index]));
  const given = new Map(checked.map((movie) => [movie.id, movie]));
  return store.transaction('change movies', async (tx) => {
    // One change of the catalogue at a time: a movie that is not there yet has no row to lock. Readers and the foreign
    // keys of watches are let through (PostgreSQL manual, 13.3.1).
    await tx.$executeRaw`LOCK TABLE movies IN SHARE ROW EXCLUSIVE MODE`;
    const present = await tx.$queryRaw<(Movie & { version: number })[]>`
      SELECT id, title, synopsis, release_year AS "releaseYear", runtime_minutes AS "runtimeMinutes", genres, tags,
             licensed_from::text AS "licensedFrom", licensed_until::text AS "licensedUntil",
             imdb_id AS "imdbId", tmdb_id AS "tmdbId", version
      FROM movies WHERE id = ANY(${[...given.keys()]})`;
    const before = new Map(present.map(({ version, ...movie }) => [movie.id, { version, movie }]));
    const changes = [...given.values()]
      .filter((movie) => !isDeepStrictEqual(before.get(movie.id)?.movie, movie))
      .map((movie) => change(movie, (before.get(movie.id)?.version ?? 0) + 1));
    await tx.$executeRaw`
      INSERT INTO movies (id, version, event_id, title, synopsis, release_year, runtime_minutes, genres, tags,
                          licensed_from, licensed_until, imdb_id, tmdb_id)
      SELECT id, version, "eventId", title, synopsis, "releaseYear", "runtimeMinutes", genres, tags,
             "licensedFrom", "licensedUntil", "imdbId", "tmdbId"
      FROM jsonb_to_recordset(${JSON.stringify(changes.map(({ row }) => row))}::jsonb) AS movie
        (id text, version int, "eventId" uuid, title text, synopsis text, "releaseYear" int, "runtimeMinutes" int,
         genres text[], tags text[], "licensedFrom" date, "licensedUntil" date, "imdbId" text, "tmdbId" text)
      ON CONFLICT (id) DO UPDATE SET
        (version, event_id, title, synopsis, release_year, runtime_minutes, genres, tags, licensed_from, licensed_until,
         imdb_id, tmdb_id) =
        (excluded.version, excluded.event_id, excluded.title, excluded.synopsis, excluded.release_year,
         excluded.runtime_minutes, excluded.genres, excluded.tags, excluded.licensed_from, excluded.licensed_until,
         excluded.imdb_id, excluded.tmdb_id)`;
    await writeOutbox(
      tx,
      changes.map(({ changed }) => changed),
    );
    return changes.map(({ row }) => row.id);
  });
}

function change(movie: Movie, version: number) {
  const { id, licensedFrom, licensedUntil, imdbId, tmdbId, ...shown } = movie;
  const data = { movieId: id, ...shown, ...(imdbId !== null && { imdbId }), ...(tmdbId !== null && { tmdbId }) };
  const changed = makeEvent('movie.changed', { key: id, subject: id, version, actor: null, data });
  return { row: { ...movie, version, eventId: changed.event.id }, changed };
}

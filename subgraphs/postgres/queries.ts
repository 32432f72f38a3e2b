import * as uuid from 'uuid';
import { chunks } from '../../gateway/batches.ts';
import { notFound } from '../../gateway/errors.ts';
import type { EventRow } from '../../gateway/event-place.ts';
import { Prisma } from './generated/client.ts';
import type { PostgresStore } from './store.ts';

export interface MovieRow {
  id: string;
  title: string;
  synopsis: string;
  releaseYear: number;
  runtimeMinutes: number;
  genres: string[];
  tags: string[];
  /** ISO 8601 day. */
  licensedFrom: string | null;
  licensedUntil: string | null;
  imdbId: string | null;
  tmdbId: string | null;
}

const movieColumns = Prisma.sql`id, title, synopsis, release_year AS "releaseYear", runtime_minutes AS "runtimeMinutes",
      genres, tags, licensed_from::text AS "licensedFrom", licensed_until::text AS "licensedUntil",
      imdb_id AS "imdbId", tmdb_id AS "tmdbId"`;

/** Movies by id; NOT_FOUND for those that the catalogue lacks. */
export async function moviesById(store: PostgresStore, ids: readonly string[]): Promise<(MovieRow | Error)[]> {
  const rows = await store.db.$queryRaw<MovieRow[]>`
    SELECT ${movieColumns}
    FROM movies WHERE id = ANY(${[...ids]})`;
  return inOrder(ids, rows, 'movie');
}

export interface UserRow {
  id: string;
  name: string;
  email: string;
  createdAt: Date;
}

/** Users by id; NOT_FOUND for those who do not exist. */
export async function usersById(store: PostgresStore, ids: readonly string[]): Promise<(UserRow | Error)[]> {
  const rows = await store.db.$queryRaw<UserRow[]>`
    SELECT id, name, email, created_at AS "createdAt" FROM users WHERE id = ANY(${[...ids]})`;
  return inOrder(ids, rows, 'user');
}

/** The beginning of the list of those whom a user blocks. */
export interface BlockedKey {
  userId: string;
  first: number;
}

/** Whom users block, blocked last first: ids. A user's blocks are a thousand at most. */
export async function blockedByUser(store: PostgresStore, keys: readonly BlockedKey[]): Promise<string[][]> {
  const rows = await store.db.$queryRaw<{ blockerId: string; blockedId: string }[]>`
    SELECT blocker_id AS "blockerId", blocked_id AS "blockedId" FROM block
    WHERE blocker_id = ANY(${keys.map(({ userId }) => userId)}) AND blocks
    ORDER BY changed_at DESC, blocked_id`;
  const lists = Map.groupBy(rows, ({ blockerId }) => blockerId);
  return keys.map(({ userId, first }) => (lists.get(userId) ?? []).slice(0, first).map(({ blockedId }) => blockedId));
}

/**
 * Events by id, waiting or published; null for those unknown. One statement sees one snapshot, so an event that the
 * relay moves meanwhile is in one of the two tables.
 */
export async function eventsById(store: PostgresStore, ids: readonly string[]): Promise<(EventRow | null)[]> {
  const wanted = ids.filter((id) => uuid.validate(id));
  const rows = await store.db.$queryRaw<(EventRow & { id: string })[]>`
    SELECT event_id AS id, type, actor_id AS "actorId", topic, partition, kafka_offset::text AS "offset",
           published_at AS "publishedAt"
    FROM event_position WHERE event_id = ANY(${wanted}::uuid[])
    UNION ALL
    SELECT id, type, actor_id, NULL, NULL, NULL, NULL FROM outbox WHERE id = ANY(${wanted}::uuid[])`;
  // Postgres gives a UUID in lower case, however it was asked.
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id.toLowerCase()) ?? null);
}

/** A page of the catalogue: the filters, and the movie behind which it begins. */
export interface MoviePageKey {
  first: number;
  after: { releaseYear: number; id: string } | null;
  genre: string | null;
  tag: string | null;
  yearFrom: number | null;
  yearTo: number | null;
}

export interface MoviePage {
  movies: MovieRow[];
  hasNextPage: boolean;
}

/** More pages than anybody's page has; it bounds the statement. */
const pagesPerStatement = 8;

/**
 * Pages of the catalogue, newest films first, by keyset: a page begins behind a movie and not after a number of rows, so
 * page 50 costs what page 1 does and an insertion shifts nothing. Each page is one branch of the statement, with only the
 * conditions that it has, so that each can use the index that serves it.
 */
export async function moviePages(store: PostgresStore, keys: readonly MoviePageKey[]): Promise<MoviePage[]> {
  const statements = [...chunks(keys, pagesPerStatement)];
  return (await Promise.all(statements.map((some) => pagesOf(store, some)))).flat();
}

async function pagesOf(store: PostgresStore, keys: readonly MoviePageKey[]): Promise<MoviePage[]> {
  const branches = keys.map(
    (key, page) => Prisma.sql`
    (SELECT ${page}::int AS page, ${movieColumns}
    FROM movies WHERE ${Prisma.join(conditions(key), ' AND ')}
    ORDER BY release_year DESC, id LIMIT ${key.first + 1})`,
  );
  const rows = await store.db.$queryRaw<(MovieRow & { page: number })[]>`${Prisma.join(branches, '\n    UNION ALL')}`;
  const pages = Map.groupBy(rows, ({ page }) => page);
  return keys.map(({ first }, page) => {
    // UNION ALL promises no order of its own.
    const movies = (pages.get(page) ?? []).sort(newestFirst);
    return { movies: movies.slice(0, first), hasNextPage: movies.length > first };
  });
}

function conditions({ after, genre, tag, yearFrom, yearTo }: MoviePageKey): Prisma.Sql[] {
  const all = [Prisma.sql`true`];
  if (genre !== null) all.push(Prisma.sql`genres @> ARRAY[${genre}]`);
  if (tag !== null) all.push(Prisma.sql`tags @> ARRAY[${tag}]`);
  if (yearFrom !== null) all.push(Prisma.sql`release_year >= ${yearFrom}`);
  if (yearTo !== null) all.push(Prisma.sql`release_year <= ${yearTo}`);
  if (after) {
    const { releaseYear, id } = after;
    // The first condition is implied by the second; it is the one that the index can begin at.
    all.push(Prisma.sql`release_year <= ${releaseYear} AND (release_year < ${releaseYear} OR id > ${id})`);
  }
  return all;
}

function newestFirst(a: MovieRow, b: MovieRow): number {
  return b.releaseYear - a.releaseYear || (a.id < b.id ? -1 : 1);
}

function inOrder<Row extends { id: string }>(ids: readonly string[], rows: Row[], what: string): (Row | Error)[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id) ?? notFound(what, id));
}

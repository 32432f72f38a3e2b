import { types } from 'cassandra-driver';
import type { Page } from '../../gateway/connection.ts';
import type { EventData } from '../../schema/events/index.ts';
import type { CassandraStore } from './store.ts';

type Watch = EventData<'watch.recorded'>;

/** One page of one user's partition. */
export interface PageKey extends Page {
  userId: string;
}

export interface Activity {
  eventId: string;
  watchedAt: Date;
  action: Watch['action'];
  movieId: string;
  positionSeconds: number;
  durationSeconds: number;
  device: Watch['device'];
  quality: Watch['quality'];
}

/** A user's activities, newest first, from a place on; one more than asked, which tells whether another page follows. */
export async function watchHistory(store: CassandraStore, pages: readonly PageKey[]): Promise<Activity[][]> {
  return readPages(store, pages, {
    fromStart: `SELECT event_id, activity_time, action, movie_id, position_seconds, duration_seconds, device, quality
FROM ${store.keyspace}.user_activity_by_user
WHERE user_id = ?
LIMIT ?`,
    fromPlace: `SELECT event_id, activity_time, action, movie_id, position_seconds, duration_seconds, device, quality
FROM ${store.keyspace}.user_activity_by_user
WHERE user_id = ? AND (activity_time, event_id) < (?, ?)
LIMIT ?`,
    idOf: types.Uuid.fromString,
    read: (row) => ({
      eventId: String(row.event_id),
      watchedAt: row.activity_time,
      action: row.action,
      movieId: row.movie_id,
      positionSeconds: row.position_seconds,
      durationSeconds: row.duration_seconds,
      device: row.device,
      quality: row.quality,
    }),
  });
}

export interface StartedMovie {
  movieId: string;
  lastWatchedAt: Date;
  positionSeconds: number;
}

/** A user's movies to go on with, last watched first, from a place on; one more than asked, as above. */
export async function continueWatching(store: CassandraStore, pages: readonly PageKey[]): Promise<StartedMovie[][]> {
  return readPages(store, pages, {
    fromStart: `SELECT movie_id, last_watched_at, position_seconds
FROM ${store.keyspace}.continue_watching_by_user
WHERE user_id = ?
LIMIT ?`,
    fromPlace: `SELECT movie_id, last_watched_at, position_seconds
FROM ${store.keyspace}.continue_watching_by_user
WHERE user_id = ? AND (last_watched_at, movie_id) < (?, ?)
LIMIT ?`,
    idOf: String,
    read: (row) => ({
      movieId: row.movie_id,
      lastWatchedAt: row.last_watched_at,
      positionSeconds: row.position_seconds,
    }),
  });
}

/** How a table of pages is asked. */
export interface PagedTable<T> {
  /** The newest rows of a partition. */
  fromStart: string;
  /** Those behind a clustering key. */
  fromPlace: string;
  /** The id of a place as the clustering key has it. */
  idOf(id: string): unknown;
  read(row: types.Row): T;
}

/**
 * Pages of several partitions. Cassandra answers one partition best, so each page is a statement of its own, and they run
 * side by side. All that begin alike are one call.
 */
export async function readPages<T>(
  store: CassandraStore,
  pages: readonly PageKey[],
  table: PagedTable<T>,
): Promise<T[][]> {
  const results = new Map<PageKey, T[]>();
  const kinds = Map.groupBy(pages, ({ after }) => (after === null ? table.fromStart : table.fromPlace));
  await Promise.all(
    [...kinds].map(async ([query, alike]) => {
      const params = alike.map(({ userId, after, first }) => [
        userId,
        ...(after ? [after.time, table.idOf(after.id)] : []),
        first + 1,
      ]);
      const partitions = await store.read(query, params);
      for (const [index, page] of alike.entries()) results.set(page, (partitions[index] ?? []).map(table.read));
    }),
  );
  return pages.map((page) => results.get(page) ?? []);
}

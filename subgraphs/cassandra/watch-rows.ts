import { types } from 'cassandra-driver';
import type { StreamEventOf } from '../../schema/events/index.ts';
import { ttlSecondsOf } from './retention.ts';
import type { Statement } from './store.ts';

type WatchRecorded = StreamEventOf<'watch.recorded'>;

/** The writes of one watch, all in its user's partitions. */
export const watchRows = (keyspace: string, event: WatchRecorded): Statement[] => [
  ...activity(keyspace, event),
  ...continueWatching(keyspace, event),
];

/**
 * One row of the history. It expires so long after it happened, and it is dated then: a late import or a replay expires
 * with its contemporaries, and compaction finds it in their time window.
 */
function activity(keyspace: string, { id, data }: WatchRecorded): Statement[] {
  const watchedAtMs = Date.parse(data.watchedAt);
  const ttlSeconds = ttlSecondsOf(watchedAtMs);
  if (ttlSeconds === null) return [];
  return [
    {
      query: `INSERT INTO ${keyspace}.user_activity_by_user
  (user_id, activity_time, event_id, action, movie_id, position_seconds, duration_seconds, device, quality)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
USING TIMESTAMP ? AND TTL ?`,
      params: [
        ...[data.userId, watchedAtMs, types.Uuid.fromString(id), data.action, data.movieId, data.positionSeconds],
        ...[data.durationSeconds, data.device, data.quality, BigInt(watchedAtMs) * 1_000n, ttlSeconds],
      ],
    },
  ];
}

/**
 * The movie's row moves to where it was last watched. Cassandra keeps of two writes the one with the higher timestamp,
 * whichever comes first; so the playback's version serves as the timestamp. Version v writes its own row at 2v + 1, and
 * removes the row before at 2v: that is above what any earlier version wrote there, and at no row do two writes meet with
 * the same timestamp. Where the movie was watched to the end its own row goes, if an earlier version can have written it:
 * one that moves on has nothing there to delete, and a tombstone for nothing would only slow down reads.
 */
function continueWatching(keyspace: string, { version, data }: WatchRecorded): Statement[] {
  const { lastWatchedAt, previousWatchedAt, positionSeconds, completed } = data.playback;
  const place = [data.userId, Date.parse(lastWatchedAt), data.movieId];
  const before = previousWatchedAt === null ? null : Date.parse(previousWatchedAt);
  const deletion = `DELETE FROM ${keyspace}.continue_watching_by_user
USING TIMESTAMP ?
WHERE user_id = ? AND last_watched_at = ? AND movie_id = ?`;
  const insertion = `INSERT INTO ${keyspace}.continue_watching_by_user
  (user_id, last_watched_at, movie_id, position_seconds)
VALUES (?, ?, ?, ?)
USING TIMESTAMP ?`;
  const [removing, placing] = [2n * BigInt(version), 2n * BigInt(version) + 1n];
  const isSamePlace = before === place[1];
  const leaves =
    before === null || isSamePlace ? [] : [{ query: deletion, params: [removing, data.userId, before, data.movieId] }];
  if (!completed) return [...leaves, { query: insertion, params: [...place, positionSeconds, placing] }];
  return isSamePlace ? [{ query: deletion, params: [placing, ...place] }] : leaves;
}

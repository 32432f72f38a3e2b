import { types } from 'cassandra-driver';
import type { Deed } from './deeds.ts';
import { ttlSecondsOf } from './retention.ts';
import type { Statement } from './store.ts';

/**
 * One row of what a user did beyond watching, written by its key and dated when it happened, like the history. A row is
 * never changed or deleted: what ends a deed is a deed of its own.
 */
export function socialRow(keyspace: string, eventId: string, deed: Deed): Statement[] {
  const happenedAtMs = Date.parse(deed.happenedAt);
  const ttlSeconds = ttlSecondsOf(happenedAtMs);
  if (ttlSeconds === null) return [];
  const { userId, kind, targetUserId, postId, movieId, tag, details } = deed;
  // A null would be written as a tombstone; a column that is left unset costs nothing.
  const targets = [targetUserId, postId, movieId, tag, details].map((value) => value ?? types.unset);
  return [
    {
      query: `INSERT INTO ${keyspace}.social_activity_by_user
  (user_id, activity_time, event_id, kind, target_user_id, post_id, movie_id, tag, details)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
USING TIMESTAMP ? AND TTL ?`,
      params: [
        ...[userId, happenedAtMs, types.Uuid.fromString(eventId), kind, ...targets],
        ...[BigInt(happenedAtMs) * 1_000n, ttlSeconds],
      ],
    },
  ];
}

import { hash } from 'node:crypto';
import { concurrently } from '../../../gateway/batches.ts';
import type { StreamEvent } from '../../../schema/events/index.ts';
import { feedRetentionDays } from '../migrations.ts';
import { ttlSecondsOf } from '../retention.ts';
import type { CassandraStore, Statement } from '../store.ts';

/** Who follows whom, and who wrote what, as the feed's tables hold it: each fact by its key, from one event. */

/** One author's followers lie in so many partitions: 10 million of them are about 60 MB each. */
const bucketsPerAuthor = 8;
export const buckets: readonly number[] = Array.from({ length: bucketsPerAuthor }, (_, bucket) => bucket);

export const bucketOf = (followerId: string) =>
  Number.parseInt(hash('sha256', followerId).slice(0, 8), 16) % bucketsPerAuthor;

const factsAtATime = 32;

/** Writes what the events say, each by its key: any order and any repetition end alike. */
export async function writeFacts(store: CassandraStore, events: readonly StreamEvent[]): Promise<void> {
  const statements = events.flatMap((event) => factsOf(store.keyspace, event));
  await concurrently(factsAtATime, statements, (statement) => store.write([statement]));
}

function factsOf(keyspace: string, event: StreamEvent): Statement[] {
  switch (event.type) {
    case 'follow.changed': {
      const { followerId, followeeId, follows } = event.data;
      // The version is the timestamp: the newest stays.
      const params = [follows, event.version, BigInt(event.version)];
      return [
        {
          query: `INSERT INTO ${keyspace}.following_by_user (user_id, author_id, follows, version)
VALUES (?, ?, ?, ?)
USING TIMESTAMP ?`,
          params: [followerId, followeeId, ...params],
        },
        {
          query: `INSERT INTO ${keyspace}.followers_by_author (author_id, bucket, follower_id, follows, version)
VALUES (?, ?, ?, ?, ?)
USING TIMESTAMP ?`,
          params: [followeeId, bucketOf(followerId), followerId, ...params],
        },
      ];
    }
    case 'post.changed': {
      const { authorId, postId } = event.data;
      const createdAtMs = Date.parse(event.data.createdAt);
      const ttlSeconds = ttlSecondsOf(createdAtMs, feedRetentionDays);
      if (ttlSeconds === null) return [];
      return [
        {
          query: `INSERT INTO ${keyspace}.posts_by_author (author_id, created_at, post_id)
VALUES (?, ?, ?)
USING TIMESTAMP ${written} AND TTL ?`,
          params: [authorId, createdAtMs, postId, ttlSeconds],
        },
      ];
    }
    case 'post.deleted': {
      const { postId, createdAt, deletedAt } = event.data;
      // No longer than the post itself would have stood in feeds.
      const ttlSeconds = ttlSecondsOf(Date.parse(createdAt ?? deletedAt), feedRetentionDays);
      if (ttlSeconds === null) return [];
      return [
        {
          query: `INSERT INTO ${keyspace}.deleted_posts (post_id)
VALUES (?)
USING TTL ?`,
          params: [postId, ttlSeconds],
        },
      ];
    }
    default:
      return [];
  }
}

/** Timestamps of a post's own row: it is written with what never changes, and deleted once. */
const [written, deleted] = [1, 2];

/** Notes with a deletion where the post stood; nothing where it has had its time. */
export function placeOfDeleted(
  keyspace: string,
  { postId, createdAt }: { postId: string; createdAt: Date },
): Statement[] {
  const ttlSeconds = ttlSecondsOf(createdAt.getTime(), feedRetentionDays);
  if (ttlSeconds === null) return [];
  return [
    {
      query: `INSERT INTO ${keyspace}.deleted_posts (post_id, created_at)
VALUES (?, ?)
USING TTL ?`,
      params: [postId, createdAt, ttlSeconds],
    },
  ];
}

/** Takes a post out of its author's. */
export const withdrawal = (
  keyspace: string,
  { authorId, postId, createdAt }: { authorId: string; postId: string; createdAt: Date },
): Statement => ({
  query: `DELETE FROM ${keyspace}.posts_by_author
USING TIMESTAMP ${deleted}
WHERE author_id = ? AND created_at = ? AND post_id = ?`,
  params: [authorId, createdAt, postId],
});

import { chunks } from '../../../gateway/batches.ts';
import { feedRetentionDays } from '../migrations.ts';
import { ttlSecondsOf } from '../retention.ts';
import type { CassandraStore, Statement } from '../store.ts';
import type { Follow, Post } from './known.ts';

/** The rows of feeds, and with which timestamps they come and go. */

/** A row is about 100 bytes; a batch stays far below `batch_size_warn_threshold` (5 KiB). */
const rowsPerBatch = 30;

/** Above every version that a follow will ever have: a post that was deleted never comes back. */
const forGood = 2n ** 40n;

/** Writes rows of one partition. */
export async function writeRows(store: CassandraStore, statements: readonly Statement[]): Promise<void> {
  for (const some of chunks(statements, rowsPerBatch)) await store.write(some);
}

const ttlSecondsOfPost = ({ createdAt }: Post) => ttlSecondsOf(createdAt.getTime(), feedRetentionDays);

/** Whether a post still has its place in feeds, or has had its time. */
export const isKept = (post: Post): boolean => ttlSecondsOfPost(post) !== null;

/**
 * What a follow makes of a post's row: it stands while the author is followed, and goes when that has ended. Either carries
 * the version of the follow as its timestamp. So what was worked out from a follow that has changed meanwhile loses,
 * whenever it is written; and never do a row and its removal have the same timestamp, as a version says either or.
 */
export function rowOf(keyspace: string, { userId, follows, version }: Follow, post: Post): Statement[] {
  if (!follows) return [removal(keyspace, { userId, post, timestamp: BigInt(version) })];
  const { authorId, postId, createdAt } = post;
  const ttlSeconds = ttlSecondsOfPost(post);
  if (ttlSeconds === null) return [];
  return [
    {
      query: `INSERT INTO ${keyspace}.feed_by_user (user_id, created_at, post_id, author_id)
VALUES (?, ?, ?, ?)
USING TIMESTAMP ? AND TTL ?`,
      params: [userId, createdAt, postId, authorId, BigInt(version), ttlSeconds],
    },
  ];
}

/** Removes the row of a post that was deleted. */
export const removalForGood = (keyspace: string, userId: string, post: Post): Statement =>
  removal(keyspace, { userId, post, timestamp: forGood });

const removal = (
  keyspace: string,
  { userId, post, timestamp }: { userId: string; post: Post; timestamp: bigint },
): Statement => ({
  query: `DELETE FROM ${keyspace}.feed_by_user
USING TIMESTAMP ?
WHERE user_id = ? AND created_at = ? AND post_id = ?`,
  params: [timestamp, userId, post.createdAt, post.postId],
});

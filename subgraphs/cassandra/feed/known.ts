import type { CassandraStore } from '../store.ts';
import { buckets } from './facts.ts';

/** What the feed's tables know by now: one function for each question that its sink asks of them. */

/** A post's place in feeds. */
export interface Post {
  postId: string;
  authorId: string;
  createdAt: Date;
}

/** How somebody stands to one author. */
export interface Follow {
  userId: string;
  follows: boolean;
  version: number;
}

/** All authors who are merged lie in one partition: there are few, and every reader wants all of them. */
const onlyShard = 0;

/** How these users stand to an author; those who never followed are left out. */
export async function followsOf(
  store: CassandraStore,
  authorId: string,
  userIds: readonly string[],
): Promise<Follow[]> {
  const found = await store.read(
    `SELECT user_id, follows, version
FROM ${store.keyspace}.following_by_user
WHERE user_id = ? AND author_id = ?`,
    userIds.map((userId) => [userId, authorId]),
  );
  return found.flat().map(({ user_id, follows, version }) => ({ userId: user_id, follows, version }));
}

/**
 * All who follow an author or once did: those who have ceased to still have their row.
 * @returns null where there are more than `most`
 */
export async function everFollowersOf(store: CassandraStore, authorId: string, most: number): Promise<Follow[] | null> {
  const followers: Follow[] = [];
  const query = `SELECT follower_id, follows, version
FROM ${store.keyspace}.followers_by_author
WHERE author_id = ? AND bucket = ?`;
  const readBucket = async (bucket: number) => {
    for await (const rows of store.scan(query, [authorId, bucket])) {
      for (const { follower_id, follows, version } of rows) followers.push({ userId: follower_id, follows, version });
      if (followers.length > most) return;
    }
  };
  await Promise.all(buckets.map(readBucket));
  return followers.length > most ? null : followers;
}

/** How many follow an author or once did. */
export async function countEverFollowers(store: CassandraStore, authorId: string): Promise<number> {
  const counts = await store.read(
    `SELECT count(*) AS followers
FROM ${store.keyspace}.followers_by_author
WHERE author_id = ? AND bucket = ?`,
    buckets.map((bucket) => [authorId, bucket]),
  );
  return counts.reduce((sum, [row]) => sum + Number(row?.followers ?? 0), 0);
}

/** What an author has written and not deleted, newest first, some at a time. */
export async function* postsOf(store: CassandraStore, authorId: string): AsyncGenerator<Post[]> {
  const query = `SELECT created_at, post_id
FROM ${store.keyspace}.posts_by_author
WHERE author_id = ?`;
  for await (const rows of store.scan(query, [authorId])) {
    yield rows.map(({ created_at, post_id }) => ({ authorId, createdAt: created_at, postId: post_id }));
  }
}

/** Which of these posts were deleted, and when they were written, where that is known; else null. */
export async function deletedAmong(
  store: CassandraStore,
  postIds: readonly string[],
): Promise<ReadonlyMap<string, Date | null>> {
  if (postIds.length === 0) return new Map();
  const found = await store.read(
    `SELECT post_id, created_at
FROM ${store.keyspace}.deleted_posts
WHERE post_id = ?`,
    postIds.map((postId) => [postId]),
  );
  return new Map(found.flat().map(({ post_id, created_at }) => [post_id, created_at]));
}

/** Whether an author has been marked as one whom readers merge in. */
export async function hasMark(store: CassandraStore, authorId: string): Promise<boolean> {
  const [rows = []] = await store.read(
    `SELECT author_id
FROM ${store.keyspace}.merged_authors
WHERE shard = ${onlyShard} AND author_id = ?`,
    [[authorId]],
  );
  return rows.length > 0;
}

/** Marks an author for good. */
export const mark = (store: CassandraStore, authorId: string): Promise<void> =>
  store.write([
    {
      query: `INSERT INTO ${store.keyspace}.merged_authors (shard, author_id)
VALUES (${onlyShard}, ?)`,
      params: [authorId],
    },
  ]);

/** All authors whom readers merge in. */
export async function mergedAuthors(store: CassandraStore): Promise<ReadonlySet<string>> {
  const merged = new Set<string>();
  const query = `SELECT author_id
FROM ${store.keyspace}.merged_authors
WHERE shard = ${onlyShard}`;
  for await (const rows of store.scan(query)) for (const { author_id } of rows) merged.add(author_id);
  return merged;
}

import type { types } from 'cassandra-driver';
import type { Difference, FollowFact, Source } from '../../../fanout/sink.ts';
import { concurrently } from '../../../gateway/batches.ts';
import { feedRetentionDays } from '../migrations.ts';
import { certainlyKeptSince } from '../retention.ts';
import type { CassandraStore } from '../store.ts';
import { differencesOf, type Entry } from './compare-sets.ts';
import { mergedAuthors, type Post, postsOf } from './known.ts';
import { joinByUser } from './partitions.ts';

/**
 * Compares feeds with the sources of truth: who follows whom, in both tables, with Postgres; what authors wrote with MongoDB; and
 * then every feed with what follows from these. Readers take a merged author's posts from what that one wrote, so nothing
 * is wanted of them in feeds.
 * @returns each comparison, which gives every difference that it finds
 */
export function compareFeeds(store: CassandraStore, source: Source): AsyncIterable<Difference>[] {
  const since = certainlyKeptSince(feedRetentionDays);
  const { keyspace } = store;
  const columns = 'author_id AS "followeeId", follows, version';
  return [
    compareFollows('following', {
      expected: () => source.follows(),
      actual: () => store.scan(`SELECT user_id AS "followerId", ${columns} FROM ${keyspace}.following_by_user`),
    }),
    compareFollows('follower', {
      expected: () => source.follows(),
      actual: () => store.scan(`SELECT follower_id AS "followerId", ${columns} FROM ${keyspace}.followers_by_author`),
    }),
    comparePosts(store, { source, since }),
    compareRows(store, since),
  ];
}

type Edge = Pick<FollowFact, 'followerId' | 'followeeId' | 'follows' | 'version'>;

interface Follows {
  expected(): AsyncIterable<readonly Edge[]>;
  actual(): AsyncIterable<readonly types.Row[]>;
}

function compareFollows(kind: string, { expected, actual }: Follows) {
  const entryOf = ({ followerId, followeeId, follows, version }: Edge): Entry => [
    `${kind} ${followerId}/${followeeId}`,
    `${follows ? 'present' : 'ended'}, version ${version}`,
  ];
  return differencesOf(
    () => each(expected(), entryOf),
    () =>
      each(actual(), ({ followerId, followeeId, follows, version }) =>
        entryOf({ followerId, followeeId, follows, version }),
      ),
  );
}

function comparePosts(store: CassandraStore, { source, since }: { source: Source; since: Date }) {
  const entryOf = ({ postId, authorId, createdAt }: Post): Entry | null =>
    createdAt < since ? null : [`written post ${postId}`, `by user ${authorId} at ${createdAt.toISOString()}`];
  const query = `SELECT author_id, created_at, post_id FROM ${store.keyspace}.posts_by_author`;
  return differencesOf(
    () =>
      each(source.posts(), ({ id: postId, authorId, createdAt, isDeleted }) =>
        isDeleted ? null : entryOf({ postId, authorId, createdAt }),
      ),
    () =>
      each(store.scan(query), ({ author_id, created_at, post_id }) =>
        entryOf({ postId: post_id, authorId: author_id, createdAt: created_at }),
      ),
  );
}

/** The entries of rows that come some at a time; null stands for none. */
async function* each<Row>(
  chunks: AsyncIterable<readonly Row[]>,
  entryOf: (row: Row) => Entry | null,
): AsyncGenerator<Entry> {
  for await (const rows of chunks) {
    for (const row of rows) {
      const entry = entryOf(row);
      if (entry) yield entry;
    }
  }
}

/** Every feed, against the follows and posts that Cassandra has. */
async function* compareRows(store: CassandraStore, since: Date): AsyncGenerator<Difference> {
  const merged = await mergedAuthors(store);
  const postsBy = createCache(store);
  const follows = store.scan(
    `SELECT token(user_id) AS place, user_id, author_id, follows FROM ${store.keyspace}.following_by_user`,
  );
  const feeds = store.scan(
    `SELECT token(user_id) AS place, user_id, created_at, post_id, author_id FROM ${store.keyspace}.feed_by_user`,
  );
  for await (const { userId, left, right } of joinByUser(follows, feeds)) {
    const missing = new Map<string, Post>();
    const spread = left.filter(({ author_id, follows }) => follows && !merged.has(author_id));
    await concurrently(authorsAtATime, spread, async ({ author_id }) => {
      for (const post of await postsBy(author_id)) if (post.createdAt >= since) missing.set(nameOf(post), post);
    });
    for (const post of right.map(postOfRow)) {
      if (missing.delete(nameOf(post)) || post.createdAt < since || merged.has(post.authorId)) continue;
      yield { what: feedEntry(userId, post), expected: 'absent', actual: 'present' };
    }
    for (const post of missing.values()) {
      yield { what: feedEntry(userId, post), expected: 'present', actual: 'absent' };
    }
  }
}

const nameOf = ({ postId, authorId, createdAt }: Post) => `${createdAt.getTime()} ${authorId} ${postId}`;
const feedEntry = (userId: string, { postId, authorId }: Post) =>
  `feed of user ${userId}: post ${postId} of author ${authorId}`;
const postOfRow = ({ created_at, post_id, author_id }: types.Row): Post => ({
  ...{ createdAt: created_at, postId: post_id, authorId: author_id },
});

const authorsAtATime = 32;
const mostPostsKept = 50_000;

/** Gives what authors wrote; those with many followers are asked for again and again. */
function createCache(store: CassandraStore): (authorId: string) => Promise<readonly Post[]> {
  const kept = new Map<string, readonly Post[]>();
  let size = 0;
  return async (authorId) => {
    const known = kept.get(authorId);
    if (known) return known;
    const posts = (await Array.fromAsync(postsOf(store, authorId))).flat();
    if (size + posts.length > mostPostsKept) {
      kept.clear();
      size = 0;
    }
    kept.set(authorId, posts);
    size += posts.length + 1;
    return posts;
  };
}

import { randomUUID } from 'node:crypto';
import { readSettings } from '../../../config.ts';
import type { StreamEventOf } from '../../../schema/events/index.ts';
import { type CassandraStore, openCassandra } from '../store.ts';
import { eventOf, minutesAgo, sweepSocial } from '../testing.ts';
import { feed } from './pages.ts';

const ids = new Set<string>();

/** The id of a user that is one test's alone: partitions of the shared tables that nobody else looks at. */
export function newId(prefix: string): string {
  const id = `${prefix}-${randomUUID()}`;
  ids.add(id);
  return id;
}

/** Opens Cassandra for the tests of one file; what the sink wrote of their users is swept at the end. */
export async function openFeeds(): Promise<CassandraStore & AsyncDisposable> {
  const store = openCassandra(readSettings().cassandra);
  await store.migrate();
  return {
    ...store,
    async [Symbol.asyncDispose]() {
      await sweepSocial(store, ids);
      await store.close();
    },
  };
}

/** A follow or its end: each time that it changes it has the next version, and the odd ones are follows. */
export function followed(followerId: string, followeeId: string, version = 1): StreamEventOf<'follow.changed'> {
  const data = { followerId, followeeId, follows: version % 2 === 1, changedAt: new Date().toISOString() };
  return { ...eventOf('follow.changed', data, version), subject: `${followerId}/${followeeId}`, actor: followerId };
}

export interface TestPost {
  id: string;
  authorId: string;
  createdAt: Date;
}

export const newPost = (authorId: string, minutes = 1): TestPost => ({
  ...{ id: `p-${randomUUID()}`, authorId, createdAt: minutesAgo(minutes) },
});

/** A post as it was written, or edited since. */
export const written = ({ id, authorId, createdAt }: TestPost, edited?: Date): StreamEventOf<'post.changed'> => ({
  ...eventOf(
    'post.changed',
    {
      ...{ postId: id, authorId, movieId: null, title: 'T', body: 'B', attachments: [], tags: [] },
      ...{ createdAt: createdAt.toISOString(), editedAt: edited?.toISOString() ?? null },
    },
    edited ? 2 : 1,
  ),
  subject: id,
});

/** A post's end. Events from before they told when it was written do without. */
export const deleted = (
  { id, authorId, createdAt }: TestPost,
  { tellsCreation = true } = {},
): StreamEventOf<'post.deleted'> => ({
  ...eventOf(
    'post.deleted',
    {
      ...{ postId: id, authorId, movieId: null, deletedAt: new Date().toISOString() },
      ...(tellsCreation && { createdAt: createdAt.toISOString() }),
    },
    3,
  ),
  subject: id,
});

/** The posts of the first page of a user's feed, as readers see it. */
export async function feedOf(store: CassandraStore, userId: string, hidden: readonly string[] = []): Promise<string[]> {
  const [page] = await feed(store, [{ userId, hidden, first: 100, after: null }]);
  return page?.posts.map(({ postId }) => postId) ?? [];
}

/** What lies in the user's own partition, whether readers heed it or not. */
export async function rowsOf(store: CassandraStore, userId: string): Promise<string[]> {
  const query = `SELECT post_id FROM ${store.keyspace}.feed_by_user WHERE user_id = ?`;
  const [rows = []] = await store.read(query, [[userId]]);
  return rows.map(({ post_id }) => post_id);
}

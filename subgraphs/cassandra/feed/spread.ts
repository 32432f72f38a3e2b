import { concurrently } from '../../../gateway/batches.ts';
import type { StreamEvent, StreamEventOf } from '../../../schema/events/index.ts';
import type { CassandraStore } from '../store.ts';
import { placeOfDeleted, withdrawal } from './facts.ts';
import {
  countEverFollowers,
  deletedAmong,
  everFollowersOf,
  type Follow,
  followsOf,
  hasMark,
  mark,
  type Post,
  postsOf,
} from './known.ts';
import { isKept, removalForGood, rowOf, writeRows } from './rows.ts';

/** How feeds are filled. */
export interface FeedOptions {
  /**
   * Of whom more than this many have ever become followers, readers merge them in: their posts are not spread any more.
   * @default 10_000
   */
  mostFollowersToSpreadTo?: number;
}

const authorsAtATime = 4;
/** Enough to share an fsync of the commit log, few enough for a small node. */
const feedsAtATime = 32;

type PostEvent = StreamEventOf<'post.changed'> | StreamEventOf<'post.deleted'>;

/** An author whose followers or posts have changed. */
interface Author {
  store: CassandraStore;
  authorId: string;
  mostFollowers: number;
}

/**
 * Brings feeds in line with the facts that the events have written. In the end a row stands in a feed exactly while its reader
 * follows its author and the post is there, unless the author is merged.
 *
 * Follows and posts come on topics of their own, side by side; so each first writes its own fact, and then reads the other's:
 * whichever comes second sees both. When its rows are written it looks once more whether its own fact still holds. A member of
 * the group that was taken for dead may be working on old events, while another has gone on: whichever of the two is the
 * later one sees what the other has left. Only where such a member is killed before that look may a row of its own stay.
 */
export async function spread(
  store: CassandraStore,
  events: readonly StreamEvent[],
  { mostFollowersToSpreadTo: mostFollowers = 10_000 }: FeedOptions,
): Promise<void> {
  const follows = events.filter((event): event is StreamEventOf<'follow.changed'> => event.type === 'follow.changed');
  const followed = Map.groupBy(follows, ({ data }) => data.followeeId);
  await concurrently(authorsAtATime, followed, ([authorId, changes]) => {
    const userIds = new Set(changes.map(({ data }) => data.followerId));
    return followsChanged({ store, authorId, mostFollowers }, [...userIds]);
  });
  const posts = events.filter(isOfPost);
  const writers = Map.groupBy(posts, ({ data }) => data.authorId);
  await concurrently(authorsAtATime, writers, ([authorId, changes]) =>
    postsChanged({ store, authorId, mostFollowers }, changes),
  );
}

const isOfPost = (event: StreamEvent): event is PostEvent =>
  event.type === 'post.changed' || event.type === 'post.deleted';

/** However often a follow has changed, its fact tells how it stands. */
async function followsChanged(author: Author, userIds: readonly string[]): Promise<void> {
  const { store, authorId } = author;
  for (let changed = userIds; changed.length > 0; ) {
    const follows = await followsOf(store, authorId, changed);
    if (await isMerged(author)) return;
    for await (const posts of postsOf(store, authorId)) {
      await concurrently(feedsAtATime, follows, (follow) => writeFor(store, follow, posts));
    }
    const versions = new Map(follows.map(({ userId, version }) => [userId, version]));
    const now = await followsOf(store, authorId, changed);
    changed = now.filter(({ userId, version }) => versions.get(userId) !== version).map(({ userId }) => userId);
  }
}

const writeFor = (store: CassandraStore, follow: Follow, posts: readonly Post[]) =>
  writeRows(
    store,
    posts.flatMap((post) => rowOf(store.keyspace, follow, post)),
  );

async function postsChanged(author: Author, events: readonly PostEvent[]): Promise<void> {
  const { store, authorId } = author;
  const posts = new Map<string, Post>();
  const begun: Post[] = [];
  for (const { type, data } of events) {
    const { postId, createdAt } = data;
    if (createdAt === undefined) continue;
    const post = { postId, authorId, createdAt: new Date(createdAt) };
    posts.set(postId, post);
    // An edit moves nothing: the feed has the post's place, not its text.
    if (type === 'post.changed' && data.editedAt === null && isKept(post)) begun.push(post);
  }
  const deleted = await deletedAmong(store, [...new Set(events.map(({ data }) => data.postId))]);
  await remove(author, await placesOf(author, deleted, posts));
  const standing = begun.filter(({ postId }) => !deleted.has(postId));
  await place(author, standing);
  const deletedSince = await deletedAmong(
    store,
    standing.map(({ postId }) => postId),
  );
  await remove(
    author,
    standing.filter(({ postId }) => deletedSince.has(postId)),
  );
}

/**
 * Where deleted posts stand. Not every deletion tells: then the author's own row does, where there is one. As that row goes
 * before those in feeds, its place is noted with the deletion first: whoever goes on after a crash finds it there.
 */
async function placesOf(
  { store, authorId }: Author,
  deleted: ReadonlyMap<string, Date | null>,
  told: ReadonlyMap<string, Post>,
): Promise<Post[]> {
  const known = new Map<string, Post>();
  for (const [postId, createdAt] of deleted) {
    const post = told.get(postId) ?? (createdAt && { postId, authorId, createdAt });
    if (post) known.set(postId, post);
  }
  const found: Post[] = [];
  if (known.size < deleted.size) {
    for await (const posts of postsOf(store, authorId)) {
      found.push(...posts.filter(({ postId }) => deleted.has(postId) && !known.has(postId)));
    }
  }
  const notes = found.flatMap((post) => placeOfDeleted(store.keyspace, post));
  await concurrently(feedsAtATime, notes, (note) => store.write([note]));
  return [...known.values(), ...found];
}

/** Puts posts into the feeds of those who follow now. */
async function place(author: Author, posts: readonly Post[]): Promise<void> {
  if (posts.length === 0) return;
  const { store } = author;
  const followers = await followersOf(author);
  const now = followers.filter(({ follows }) => follows);
  await concurrently(feedsAtATime, now, (follow) => writeFor(store, follow, posts));
}

/** Takes deleted posts out of their author's, so that nobody spreads them any more, and then out of feeds. */
async function remove(author: Author, posts: readonly Post[]): Promise<void> {
  if (posts.length === 0) return;
  const { store } = author;
  const { keyspace } = store;
  await writeRows(
    store,
    posts.map((post) => withdrawal(keyspace, post)),
  );
  // Those as well who have ceased to follow: an older write may be on its way, and they may follow again.
  await concurrently(feedsAtATime, await followersOf(author), ({ userId }) =>
    writeRows(
      store,
      posts.map((post) => removalForGood(keyspace, userId, post)),
    ),
  );
}

/** Whose feeds have an author's posts; nobody's where readers merge them in. */
async function followersOf(author: Author): Promise<Follow[]> {
  const { store, authorId, mostFollowers } = author;
  if (await hasMark(store, authorId)) return [];
  const followers = await everFollowersOf(store, authorId, mostFollowers);
  if (!followers) await mark(store, authorId);
  return followers ?? [];
}

/** Whether readers merge an author in, from now on or already: they take no heed of what their feeds have of such a one. */
async function isMerged({ store, authorId, mostFollowers }: Author): Promise<boolean> {
  if (await hasMark(store, authorId)) return true;
  if ((await countEverFollowers(store, authorId)) <= mostFollowers) return false;
  await mark(store, authorId);
  return true;
}

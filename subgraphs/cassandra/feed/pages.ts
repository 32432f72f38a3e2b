import type { Page, Place } from '../../../gateway/connection.ts';
import { refills } from '../search.ts';
import type { CassandraStore } from '../store.ts';
import { mergedAuthors } from './known.ts';

/** One page of a user's feed. */
export interface FeedKey extends Page {
  userId: string;
  /** Whose posts it must not have. */
  hidden: readonly string[];
}

export interface FeedPost {
  postId: string;
  createdAt: Date;
}

export interface FeedPage {
  /** One more than asked, which tells whether another page follows. */
  posts: FeedPost[];
  /** Where the search was given up before the page was full, though there may be more behind; else null. */
  endsAt: Place | null;
}

/**
 * Pages of feeds: what those whom a user follows have written, newest first, from a place on. Most of it was spread into the
 * user's own partition when it was written. Authors with too many followers for that are merged in here, each from their own
 * partition. What lies in the user's partition of such an author, of one whom they follow no longer, and of one who is hidden
 * from them, is left out, and as much read again.
 *
 * One round asks for the follows, the merged authors and the first rows, the next for the merged authors' posts, and one more
 * for each refill. The second reads a partition of each merged author whom the user follows, however many these are.
 * @throws STORE_TIMEOUT where they are some thousands, more than the page's deadline allows for
 */
export async function feed(store: CassandraStore, keys: readonly FeedKey[]): Promise<FeedPage[]> {
  const [followed, merged, firstRows] = await Promise.all([
    followedBy(store, new Set(keys.map(({ userId }) => userId))),
    mergedAuthors(store),
    rowsOf(store, ofUser, keys.map(startOf)),
  ]);
  const searches = keys.map((key, index) => {
    const hidden = new Set(key.hidden);
    const shown = [...(followed.get(key.userId) ?? [])].filter((authorId) => !hidden.has(authorId));
    const spread = new Set(shown.filter((authorId) => !merged.has(authorId)));
    const search: Search = { key, spread, merged: shown.filter((id) => merged.has(id)), found: [], end: null };
    take(search, firstRows[index] ?? [], wantedOf(key));
    return search;
  });
  await readMerged(store, searches);
  for (const limit of refills) {
    const open = searches.filter(isOpen);
    if (open.length === 0) break;
    const asks = open.map(({ key, end }) => ({ partition: key.userId, after: end && placeOf(end), limit }));
    const rows = await rowsOf(store, ofUser, asks);
    for (const [index, search] of open.entries()) take(search, rows[index] ?? [], limit);
  }
  return searches.map((search) => ({
    posts: readable(search).toSorted(newestFirst).slice(0, wantedOf(search.key)),
    endsAt: isOpen(search) && search.end ? placeOf(search.end) : null,
  }));
}

/** The search for one page. */
interface Search {
  key: FeedKey;
  /** The followed authors whose posts are in the user's own partition. */
  spread: ReadonlySet<string>;
  /** Those whose posts are in partitions of their own. */
  merged: readonly string[];
  /** In no order. */
  found: FeedPost[];
  /** The last row that was read of the user's partition; null when there is no other behind it. */
  end: FeedPost | null;
}

/** Takes in what a read of so many rows of the user's partition has given. */
function take(search: Search, rows: readonly Row[], limit: number): void {
  search.found.push(...rows.filter(({ authorId }) => search.spread.has(authorId)));
  search.end = rows.length < limit ? null : (rows.at(-1) ?? null);
}

/** What can be shown: nothing from behind a row of the user's partition that has not been read yet. */
const readable = ({ found, end }: Search): FeedPost[] =>
  end ? found.filter((post) => newestFirst(post, end) <= 0) : found;

/** Whether the page lacks posts, and more rows may have some. */
const isOpen = (search: Search): boolean => search.end !== null && readable(search).length < wantedOf(search.key);

/** Reads what merged authors wrote, of each as much as a page may need. */
async function readMerged(store: CassandraStore, searches: readonly Search[]): Promise<void> {
  const asked = searches.flatMap(({ key, merged, found }) =>
    merged.map((authorId) => ({ found, ask: { ...startOf(key), partition: authorId } })),
  );
  const rows = await rowsOf(
    store,
    ofAuthor,
    asked.map(({ ask }) => ask),
  );
  for (const [index, { found }] of asked.entries()) found.push(...(rows[index] ?? []));
}

/** One more than asked, which tells whether another page follows. */
const wantedOf = ({ first }: Page) => first + 1;
const startOf = (key: FeedKey): Ask => ({ partition: key.userId, after: key.after, limit: wantedOf(key) });

interface Row extends FeedPost {
  authorId: string;
}

/** The newest rows of a partition, behind a place. */
interface Ask {
  partition: string;
  after: Place | null;
  limit: number;
}

/** A table whose partitions have posts, newest first. */
type Posts = (keyspace: string) => string;
const ofUser: Posts = (keyspace) => `${keyspace}.feed_by_user
WHERE user_id = ?`;
const ofAuthor: Posts = (keyspace) => `${keyspace}.posts_by_author
WHERE author_id = ?`;

/** Rows of several partitions, side by side; all that begin alike are one call. */
async function rowsOf(store: CassandraStore, posts: Posts, asks: readonly Ask[]): Promise<Row[][]> {
  const results = new Map<Ask, Row[]>();
  const kinds = Map.groupBy(asks, ({ after }) => (after === null ? '' : ' AND (created_at, post_id) < (?, ?)'));
  await Promise.all(
    [...kinds].map(async ([behind, alike]) => {
      const query = `SELECT created_at, post_id, author_id
FROM ${posts(store.keyspace)}${behind}
LIMIT ?`;
      const params = alike.map(({ partition, after, limit }) => [
        partition,
        ...(after ? [after.time, after.id] : []),
        limit,
      ]);
      const found = await store.read(query, params);
      for (const [index, ask] of alike.entries()) {
        const rows = (found[index] ?? []).map(({ created_at, post_id, author_id }) => ({
          ...{ createdAt: created_at, postId: post_id, authorId: author_id },
        }));
        results.set(ask, rows);
      }
    }),
  );
  return asks.map((ask) => results.get(ask) ?? []);
}

/** Whom each of these users follows now. */
async function followedBy(store: CassandraStore, userIds: Iterable<string>): Promise<Map<string, Set<string>>> {
  const followed = new Map<string, Set<string>>();
  const query = `SELECT author_id, follows
FROM ${store.keyspace}.following_by_user
WHERE user_id = ?`;
  const read = async (userId: string) => {
    const authors = new Set<string>();
    followed.set(userId, authors);
    for await (const rows of store.scan(query, [userId])) {
      for (const { author_id, follows } of rows) if (follows) authors.add(author_id);
    }
  };
  await Promise.all([...userIds].map(read));
  return followed;
}

const placeOf = ({ createdAt, postId }: FeedPost): Place => ({ time: createdAt.getTime(), id: postId });

const newestFirst = (a: FeedPost, b: FeedPost) =>
  b.createdAt.getTime() - a.createdAt.getTime() || (b.postId < a.postId ? -1 : Number(b.postId > a.postId));

import { types } from 'cassandra-driver';
import type { Place } from '../../gateway/connection.ts';
import type { Deed } from './deeds.ts';
import { type PagedTable, type PageKey, readPages } from './queries.ts';
import { refills, type Searched } from './search.ts';
import type { CassandraStore } from './store.ts';

/** One page of what a user did beyond watching. */
export interface SocialActivityKey extends PageKey {
  /** Whom it must not name. */
  hidden: readonly string[];
}

export interface SocialActivity extends Omit<Deed, 'userId' | 'happenedAt'> {
  eventId: string;
  happenedAt: Date;
}

/**
 * What users did beyond watching, newest first, from a place on. Follows of those who are hidden from the user, and their ends, are
 * left out, and as much is read again: one round, and one more for each refill.
 */
export async function socialActivity(
  store: CassandraStore,
  keys: readonly SocialActivityKey[],
): Promise<Searched<SocialActivity>[]> {
  const searches = keys.map(
    (key): Search => ({
      ...{ key, hidden: new Set(key.hidden), found: [], place: key.after, isAtEnd: false },
    }),
  );
  const table = tableIn(store.keyspace);
  for (const refill of [null, ...refills]) {
    const open = searches.filter(isOpen);
    if (open.length === 0) break;
    const asks = open.map((search) => ({ search, limit: refill ?? search.key.first + 1 }));
    // A page has one row more than it is asked for.
    const pages = asks.map(({ search: { key, place }, limit }) => ({
      ...{ userId: key.userId, first: limit - 1, after: place },
    }));
    const rows = await readPages(store, pages, table);
    for (const [index, { search, limit }] of asks.entries()) take(search, rows[index] ?? [], limit);
  }
  return searches.map((search) => ({ found: search.found, endsAt: isOpen(search) ? search.place : null }));
}

/** The search for one page. */
interface Search {
  key: SocialActivityKey;
  hidden: ReadonlySet<string>;
  found: readonly SocialActivity[];
  /** Behind which it goes on. */
  place: Place | null;
  /** Whether the partition has no row behind that place. */
  isAtEnd: boolean;
}

/** Whether the page lacks activities, or the one that tells of another page, and more rows may have some. */
const isOpen = ({ key, found, isAtEnd }: Search): boolean => !isAtEnd && found.length <= key.first;

/** Takes in what a read of so many rows has given. */
function take(search: Search, rows: readonly SocialActivity[], limit: number): void {
  const shown = rows.filter(({ targetUserId }) => targetUserId === null || !search.hidden.has(targetUserId));
  search.found = [...search.found, ...shown].slice(0, search.key.first + 1);
  const last = rows.at(-1);
  if (last) search.place = { time: last.happenedAt.getTime(), id: last.eventId };
  search.isAtEnd = rows.length < limit;
}

const tableIn = (keyspace: string): PagedTable<SocialActivity> => {
  const columns = 'event_id, activity_time, kind, target_user_id, post_id, movie_id, tag, details';
  const partition = `SELECT ${columns}
FROM ${keyspace}.social_activity_by_user
WHERE user_id = ?`;
  return {
    fromStart: `${partition}
LIMIT ?`,
    fromPlace: `${partition} AND (activity_time, event_id) < (?, ?)
LIMIT ?`,
    idOf: types.Uuid.fromString,
    read: (row) => ({
      eventId: String(row.event_id),
      happenedAt: row.activity_time,
      kind: row.kind,
      targetUserId: row.target_user_id,
      postId: row.post_id,
      movieId: row.movie_id,
      tag: row.tag,
      details: row.details,
    }),
  };
};

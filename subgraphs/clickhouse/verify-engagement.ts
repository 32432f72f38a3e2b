import { someOf } from '../../fanout/differences.ts';
import type { Difference, Source } from '../../fanout/sink.ts';
import { eventPages } from './pages.ts';
import type { EngagementRow } from './rows.ts';
import type { ClickHouseStore } from './store.ts';

/**
 * Compares what people did with posts: every view and comment, and the newest event of every like that holds. Of older likes
 * the source no longer tells: these must be of a user and post that it knows. (With a deleted post its comments have gone
 * from the source; they stay here.) Then, that the materialized view counts what the table has.
 */
export async function compareEngagement(store: ClickHouseStore, source: Source, since: Date): Promise<Difference[]> {
  const { missing, known } = await actsOf(source, since);
  const unknown: Difference[] = [];
  const wrong: Difference[] = [];
  for await (const rows of eventPages<StoredRow>(store, events, since)) {
    for (const { happened_ms, ...row } of rows) {
      const act = textOf({ ...row, happened_at: new Date(happened_ms).toISOString() });
      const expected = missing.get(row.event_id);
      missing.delete(row.event_id);
      const what = `engagement event ${row.event_id}`;
      if (expected === undefined && !isKnown(row, known)) unknown.push({ what, expected: 'absent', actual: act });
      else if (expected !== undefined && expected !== act) wrong.push({ what, expected, actual: act });
    }
  }
  const absent = [...missing].map(([id, expected]) => ({ what: `engagement event ${id}`, expected, actual: 'absent' }));
  const miscounted = await miscounts(store, { table: 'post_engagement_per_hour', condition: 'true', since });
  return [...someOf(absent), ...someOf(unknown), ...someOf(wrong), ...someOf(miscounted)];
}

type StoredRow = Omit<EngagementRow, 'happened_at'> & { happened_ms: number };

const events = `SELECT DISTINCT event_id, post_id, kind, user_id, toUnixTimestamp64Milli(happened_at) AS happened_ms
FROM post_engagement_events
WHERE event_id > {after:UUID} AND happened_at >= {since:DateTime64(3, 'UTC')}
ORDER BY event_id
LIMIT {limit:UInt32}`;

const textOf = ({ kind, user_id, post_id, happened_at }: Omit<EngagementRow, 'event_id'>) =>
  `${kind} of post ${post_id} by user ${user_id} at ${happened_at}`;

interface Known {
  /** Users and posts that there is a like of, now or earlier. */
  likes: ReadonlySet<string>;
  deletedPosts: ReadonlySet<string>;
}

/** Whether a row that the source tells nothing of can be right all the same. */
function isKnown(
  { kind, user_id, post_id }: Omit<EngagementRow, 'happened_at'>,
  { likes, deletedPosts }: Known,
): boolean {
  if (kind === 'LIKE') return likes.has(`${user_id} ${post_id}`);
  return kind === 'COMMENT' && deletedPosts.has(post_id);
}

/** What must be there, as text, by event id. */
async function actsOf(source: Source, since: Date) {
  const missing = new Map<string, string>();
  const likes = new Set<string>();
  const deletedPosts = new Set<string>();
  const note = (eventId: string, act: Omit<EngagementRow, 'event_id'>) => {
    if (new Date(act.happened_at) >= since) missing.set(eventId, textOf(act));
  };
  for await (const facts of source.likes()) {
    for (const { eventId, userId: user_id, kind, targetId: post_id, likes: holds, changedAt } of facts) {
      if (kind !== 'POST') continue;
      likes.add(`${user_id} ${post_id}`);
      if (holds) note(eventId, { kind: 'LIKE', post_id, user_id, happened_at: changedAt.toISOString() });
    }
  }
  for await (const facts of source.comments()) {
    for (const { eventId, postId: post_id, authorId: user_id, createdAt } of facts) {
      note(eventId, { kind: 'COMMENT', post_id, user_id, happened_at: createdAt.toISOString() });
    }
  }
  for await (const views of source.postViews()) {
    for (const { id, data } of views) {
      const happened_at = new Date(data.viewedAt).toISOString();
      note(id, { kind: 'VIEW', post_id: data.postId, user_id: data.userId, happened_at });
    }
  }
  for await (const posts of source.posts()) {
    for (const { id, isDeleted } of posts) if (isDeleted) deletedPosts.add(id);
  }
  return { missing, known: { likes, deletedPosts } };
}

/** What a materialized view must count: the acts of the table that meet the condition. */
interface HourlyView {
  table: 'post_engagement_per_hour' | 'post_trend_per_hour';
  condition: string;
  since: Date;
}

/** Where a materialized view counts otherwise than the table, whose events are compared one by one. */
export async function miscounts(
  store: ClickHouseStore,
  { table, condition, since }: HourlyView,
): Promise<Difference[]> {
  const rows = await store.select<{ post_id: string; kind: string; kept: number; shown: number }>(
    `SELECT post_id, kind, sum(kept_count) AS kept, sum(shown_count) AS shown
FROM (
  SELECT post_id, kind, uniqExact(event_id) AS kept_count, 0 AS shown_count
  FROM post_engagement_events WHERE happened_at >= {since:DateTime64(3, 'UTC')} AND ${condition} GROUP BY post_id, kind
  UNION ALL
  SELECT post_id, kind, 0 AS kept_count, uniqExactMerge(acts) AS shown_count
  FROM ${table} WHERE hour >= {since:DateTime('UTC')} GROUP BY post_id, kind
)
GROUP BY post_id, kind
HAVING kept != shown
ORDER BY post_id, kind`,
    { since },
  );
  return rows.map(({ post_id, kind, kept, shown }) => ({
    what: `${kind} count of post ${post_id} in ${table}`,
    expected: String(kept),
    actual: String(shown),
  }));
}

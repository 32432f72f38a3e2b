import { longestPage } from '../../gateway/arguments.ts';
import { answer } from './batch.ts';
import type { ClickHouseStore } from './store.ts';
import { trending, trendingWindow } from './trending.ts';

const { weights, halfLifeHours } = trending;

/**
 * What people did with posts in each hour of the window: views and comments of a table of hourly states, and the likes as they
 * stand now, in the hour in which they were given.
 * @param ofPosts a condition on the posts, beginning with AND; empty for all of them
 */
const hourlyActs = (table: 'post_engagement_per_hour' | 'post_trend_per_hour', ofPosts: string) =>
  `SELECT post_id, dateDiff('hour', hour, {this_hour:DateTime('UTC')}) AS age_hours, toString(kind) AS act, uniqExactMerge(acts) AS act_count
  FROM ${table}
  WHERE hour >= {first_hour:DateTime('UTC')} AND hour <= {this_hour:DateTime('UTC')} AND kind != 'LIKE'${ofPosts}
  GROUP BY post_id, hour, kind
  UNION ALL
  SELECT post_id, dateDiff('hour', liked_at, {this_hour:DateTime('UTC')}) AS age_hours, 'LIKE' AS act, count() AS act_count
  FROM (
    SELECT post_id, user_id, argMax(likes, version) AS holds, toStartOfHour(toDateTime(argMax(changed_at, version), 'UTC')) AS liked_at
    FROM post_likes
    WHERE changed_at >= {first_hour:DateTime('UTC')}${ofPosts}
    GROUP BY post_id, user_id
  )
  WHERE holds AND liked_at <= {this_hour:DateTime('UTC')}
  GROUP BY post_id, liked_at`;

/** Rounded, so that posts with the same acts have the same score in whatever order they are added up. */
const score = `round(sum(act_count * transform(act, ['VIEW', 'LIKE', 'COMMENT'], [${weights.VIEW}, ${weights.LIKE}, ${weights.COMMENT}], 0) * exp2(-age_hours / ${halfLifeHours})), 6)`;

// Who is asked for is told by the ids alone: `hourly` in their place would count everything a second time.
const trendingStatement = `WITH hourly AS (
  ${hourlyActs('post_trend_per_hour', '')}
)
SELECT post_id, ${score} AS score
FROM hourly
WHERE post_id IN (
  SELECT post_id FROM posts
  WHERE post_id IN (
    SELECT post_id FROM post_trend_per_hour WHERE hour >= {first_hour:DateTime('UTC')}
    UNION ALL
    SELECT post_id FROM post_likes WHERE changed_at >= {first_hour:DateTime('UTC')}
  )
  GROUP BY post_id
  HAVING max(is_deleted) = 0 AND any(author_id) NOT IN {hidden:Array(String)}
)
GROUP BY post_id
ORDER BY score DESC, post_id
LIMIT {first:UInt16}`;

export interface TrendingKey {
  first: number;
  /** Authors whose posts are left out. */
  hidden: readonly string[];
  /** Whether no answer will do that was remembered. @default false */
  mustBeFresh?: boolean;
}

export interface TrendingPost {
  post_id: string;
  score: number;
}

/**
 * The posts with the highest scores of these days; equal scores are told apart by id. A post is among them once it is known who
 * wrote it, and until it is deleted. It may be five seconds old, see `rankedPosts`.
 */
export async function trendingPosts(store: ClickHouseStore, keys: readonly TrendingKey[]): Promise<TrendingPost[][]> {
  // However many a page wants here and there, it is one statement.
  const rankings = Map.groupBy(keys, ({ hidden, mustBeFresh }) => JSON.stringify([hidden, mustBeFresh]));
  const posts = new Map<TrendingKey, TrendingPost[]>();
  await Promise.all(
    [...rankings.values()].map(async (alike) => {
      const ranked = await rankedPosts(store, alike[0] as TrendingKey);
      for (const key of alike) posts.set(key, ranked.slice(0, key.first));
    }),
  );
  return keys.map((key) => posts.get(key) ?? []);
}

/** How long a ranking may be given to others as well. */
const sharedForMs = 5_000;

/** By store, its newest ranking for those who block nobody. */
const newest = new WeakMap<ClickHouseStore, { askedAtMs: number; posts: TrendingPost[] }>();

/**
 * As many of them as anybody may ask for. Those who block nobody, which is nearly everybody, share an answer for some seconds: a
 * statement reads the week, and the week hardly changes meanwhile. Only answers are shared, not what is still being asked: that
 * has the deadline of the request that asked first.
 */
async function rankedPosts(store: ClickHouseStore, { hidden, mustBeFresh }: TrendingKey): Promise<TrendingPost[]> {
  const isForAll = hidden.length === 0;
  const askedAtMs = performance.now();
  const known = newest.get(store);
  if (isForAll && !mustBeFresh && known && askedAtMs - known.askedAtMs < sharedForMs) return known.posts;
  const posts = await store.select<TrendingPost>(trendingStatement, {
    ...trendingWindow(),
    ...{ first: longestPage, hidden },
  });
  // One that was asked for earlier may answer later.
  if (isForAll && askedAtMs >= (newest.get(store)?.askedAtMs ?? askedAtMs)) newest.set(store, { askedAtMs, posts });
  return posts;
}

const engagementStatement = `WITH hourly AS (
  ${hourlyActs('post_engagement_per_hour', ' AND post_id IN {ids:Array(String)}')}
)
SELECT post_id, ${score} AS score,
  sumIf(act_count, act = 'VIEW' AND age_hours < 24) AS view_count,
  sumIf(act_count, act = 'LIKE' AND age_hours < 24) AS like_count,
  sumIf(act_count, act = 'COMMENT' AND age_hours < 24) AS comment_count
FROM hourly
GROUP BY post_id`;

export interface Engagement {
  views24h: number;
  likes24h: number;
  comments24h: number;
  score: number;
}

interface EngagementRow {
  post_id: string;
  score: number;
  view_count: number;
  like_count: number;
  comment_count: number;
}

/** What posts had in the last 24 hours, the current one included, and their scores. */
export async function engagement(store: ClickHouseStore, postIds: readonly string[]): Promise<Engagement[]> {
  return answer<{ id: string }, Engagement>(
    postIds.map((id) => ({ id })),
    {
      argumentsOf: () => '',
      none: { views24h: 0, likes24h: 0, comments24h: 0, score: 0 },
      run: async (ids) => {
        const rows = await store.select<EngagementRow>(engagementStatement, { ...trendingWindow(), ids });
        return new Map(
          rows.map(({ post_id, score, view_count, like_count, comment_count }) => [
            post_id,
            { views24h: view_count, likes24h: like_count, comments24h: comment_count, score },
          ]),
        );
      },
    },
  );
}

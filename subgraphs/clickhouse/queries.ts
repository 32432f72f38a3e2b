import { answer } from './batch.ts';
import type { ClickHouseStore } from './store.ts';

const hourMs = 3_600_000;

/**
 * Views of the last 24 hours, to the millisecond: from the watches themselves, of which the primary key
 * (movie_id, watched_at) finds just these.
 */
export async function viewsLast24h(store: ClickHouseStore, movieIds: readonly string[]): Promise<number[]> {
  return answer(
    movieIds.map((id) => ({ id })),
    {
      argumentsOf: () => '',
      none: 0,
      run: async (ids) => {
        const rows = await store.select<{ movie_id: string; view_count: number }>(
          `SELECT movie_id, uniqExact(event_id) AS view_count
FROM movie_watch_events
WHERE movie_id IN {ids:Array(String)}
  AND action = 'PLAY'
  AND watched_at > now64(3, 'UTC') - INTERVAL 24 HOUR
GROUP BY movie_id`,
          { ids },
        );
        return new Map(rows.map(({ movie_id, view_count }) => [movie_id, view_count]));
      },
    },
  );
}

export interface LastHours {
  /** The movie or post. */
  id: string;
  /** How many hours. */
  last: number;
}

export interface HourOfViews {
  hour: Date;
  views: number;
}

/** Views of each of the last hours, oldest first, the current one included; from the materialized view. */
export async function viewsPerHour(store: ClickHouseStore, keys: readonly LastHours[]): Promise<HourOfViews[][]> {
  const statement = `SELECT movie_id AS id, intDiv(toUnixTimestamp(hour), 3600) AS hour_number, uniqExactMerge(views) AS view_count
FROM views_per_hour
WHERE movie_id IN {ids:Array(String)}
  AND hour >= {since:DateTime('UTC')}
GROUP BY movie_id, hour`;
  const hours = await hourByHour<{ view_count: number }>(store, keys, statement);
  return hours.map((ofMovie) => ofMovie.map(({ hour, row }) => ({ hour, views: row?.view_count ?? 0 })));
}

export interface HourOfEngagement {
  hour: Date;
  views: number;
  likes: number;
  comments: number;
}

/** What people did with a post in each of the last hours, oldest first, the current one included; likewise. */
export async function engagementPerHour(
  store: ClickHouseStore,
  keys: readonly LastHours[],
): Promise<HourOfEngagement[][]> {
  const statement = `SELECT post_id AS id, intDiv(toUnixTimestamp(hour), 3600) AS hour_number,
  uniqExactMergeIf(acts, kind = 'VIEW') AS view_count,
  uniqExactMergeIf(acts, kind = 'LIKE') AS like_count,
  uniqExactMergeIf(acts, kind = 'COMMENT') AS comment_count
FROM post_engagement_per_hour
WHERE post_id IN {ids:Array(String)}
  AND hour >= {since:DateTime('UTC')}
GROUP BY post_id, hour`;
  const hours = await hourByHour<{ view_count: number; like_count: number; comment_count: number }>(
    store,
    keys,
    statement,
  );
  return hours.map((ofPost) =>
    ofPost.map(({ hour, row }) => ({
      hour,
      views: row?.view_count ?? 0,
      likes: row?.like_count ?? 0,
      comments: row?.comment_count ?? 0,
    })),
  );
}

/**
 * Each of the last hours, oldest first, with its row where there is one.
 * @param statement gives rows of `id`, `hour_number` (hours since 1970) and counts, for `ids` and hours from `since` on
 */
async function hourByHour<Counts>(store: ClickHouseStore, keys: readonly LastHours[], statement: string) {
  type Row = Counts & { id: string; hour_number: number };
  const thisHour = Math.floor(Date.now() / hourMs);
  const rowsByHour = await answer<LastHours, ReadonlyMap<number, Row>>(keys, {
    argumentsOf: ({ last }) => String(last),
    none: new Map(),
    run: async (ids, { last }) => {
      const rows = await store.select<Row>(statement, { ids, since: new Date((thisHour - last + 1) * hourMs) });
      const hours = Map.groupBy(rows, ({ id }) => id);
      return new Map([...hours].map(([id, ofId]) => [id, new Map(ofId.map((row) => [row.hour_number, row]))]));
    },
  });
  return keys.map(({ last }, index) =>
    Array.from({ length: last }, (_, position) => {
      const hour = thisHour - last + 1 + position;
      return { hour: new Date(hour * hourMs), row: rowsByHour[index]?.get(hour) };
    }),
  );
}

export interface MovieDay {
  /** The movie. */
  id: string;
  /** The day in UTC, `YYYY-MM-DD`. */
  date: string;
  first: number;
}

/** Ids of the users who played a movie on a day, in the order of their first play. A redelivered play changes neither. */
export async function watchersOn(store: ClickHouseStore, keys: readonly MovieDay[]): Promise<string[][]> {
  return answer<MovieDay, string[]>(keys, {
    argumentsOf: ({ date, first }) => `${date} ${first}`,
    none: [],
    run: async (ids, { date, first }) => {
      const rows = await store.select<{ movie_id: string; user_id: string }>(
        `SELECT movie_id, user_id
FROM movie_watch_events
WHERE movie_id IN {ids:Array(String)}
  AND action = 'PLAY'
  AND toDate(watched_at) = {date:Date}
GROUP BY movie_id, user_id
ORDER BY movie_id, min(watched_at), user_id
LIMIT {first:UInt16} BY movie_id`,
        { ids, date, first },
      );
      const movies = Map.groupBy(rows, ({ movie_id }) => movie_id);
      return new Map([...movies].map(([id, watchers]) => [id, watchers.map(({ user_id }) => user_id)]));
    },
  });
}

export interface TopKey {
  /** The window's length in hours, the current hour included. */
  hours: number;
  first: number;
}

export interface RankedMovie {
  movie_id: string;
  view_count: number;
}

/** The most viewed movies of the last hours, from the materialized view. Equal counts are told apart by id. */
export async function topMovies(store: ClickHouseStore, keys: readonly TopKey[]): Promise<RankedMovie[][]> {
  return Promise.all(
    keys.map(({ hours, first }) =>
      store.select<RankedMovie>(
        `SELECT movie_id, uniqExactMerge(views) AS view_count
FROM views_per_hour
WHERE hour > toStartOfHour(now('UTC')) - toIntervalHour({hours:UInt16})
GROUP BY movie_id
ORDER BY view_count DESC, movie_id
LIMIT {first:UInt16}`,
        { hours, first },
      ),
    ),
  );
}

import { createClient } from '@clickhouse/client';
import { Client } from 'cassandra-driver';
import { Redis } from 'ioredis';
import { settings } from './harness.ts';
import { lakeEvents } from './lake.ts';

/** All that the derived stores hold, read past the project's own code, in a form that can be compared. */
export async function derivedState() {
  const [redis, cassandra, clickhouse, lake] = await Promise.all([
    redisState(),
    cassandraState(),
    clickhouseState(),
    lakeEvents(settings, 'watch_events'),
  ]);
  return { redis, cassandra, clickhouse, lake: lake.map(({ id }) => id) };
}

async function redisState() {
  const redis = new Redis(settings.redis.url);
  const keys = (await redis.keys('movie:views:*')).sort();
  const views = keys.length > 0 ? await redis.mget(keys) : [];
  const leaderboard = await redis.call('ZRANGE', 'leaderboard:views', '0', '-1', 'WITHSCORES');
  const trending = await redis.call('ZRANGE', 'trending', '0', '-1', 'WITHSCORES');
  await redis.quit();
  return { views: keys.map((key, i) => [key, views[i]]), leaderboard, trending };
}

async function cassandraState() {
  const { contactPoint, datacenter, keyspace } = settings.cassandra;
  const client = new Client({ contactPoints: [contactPoint], localDataCenter: datacenter, keyspace });
  const rowsOf = async (table: string) => {
    const lines: string[] = [];
    let pageState: string | undefined;
    do {
      const page = await client.execute(`SELECT * FROM ${table}`, [], { prepare: true, fetchSize: 5_000, pageState });
      for (const row of page.rows)
        lines.push(JSON.stringify(row, (_, value) => (value === row ? value : String(value))));
      pageState = page.pageState ?? undefined;
    } while (pageState);
    return lines.sort();
  };
  const state = {
    activity: await rowsOf('user_activity_by_user'),
    continueWatching: await rowsOf('continue_watching_by_user'),
  };
  await client.shutdown();
  return state;
}

async function clickhouseState() {
  const { url, database } = settings.clickhouse;
  const client = createClient({ url, database });
  const ask = async (query: string) => (await client.query({ query, format: 'JSONEachRow' })).json();
  const state = {
    events: await ask(
      'SELECT movie_id, action, uniqExact(event_id) AS events FROM movie_watch_events GROUP BY ALL ORDER BY ALL',
    ),
    perHour: await ask(
      'SELECT movie_id, hour, uniqExactMerge(views) AS views FROM views_per_hour GROUP BY ALL ORDER BY ALL',
    ),
  };
  await client.close();
  return state;
}

import { createClient } from '@clickhouse/client';
import { Client as Elasticsearch } from '@elastic/elasticsearch';
import { QdrantClient } from '@qdrant/js-client-rest';
import { Client } from 'cassandra-driver';
import { Redis } from 'ioredis';
import neo4j from 'neo4j-driver';
import pg from 'pg';
import { topics } from '../schema/events/index.ts';
import { settings } from './harness.ts';
import { lakeEvents } from './lake.ts';

const hourMs = 3_600_000;

/** Two states are compared that were read in this time: what goes by itself meanwhile is in neither. */
const [comparedFromMs, comparedForMs] = [Date.now(), hourMs];
const hoursAgo = (hours: number) => Math.floor(comparedFromMs / hourMs - hours) * 3_600;

/** All that the derived stores hold, read past the project's own code, in a form that can be compared. */
export async function derivedState() {
  const [redis, cassandra, clickhouse, graph, search, vectors, metrics, lake] = await Promise.all([
    redisState(),
    cassandraState(),
    clickhouseState(),
    neo4jState(),
    elasticsearchState(),
    qdrantState(),
    questdbState(),
    Promise.all(topics.map((topic) => lakeEvents(settings, topic))),
  ]);
  return { redis, cassandra, clickhouse, graph, search, vectors, metrics, lake: lake.flat().map(({ id }) => id) };
}

async function redisState() {
  const redis = new Redis(settings.redis.url);
  const valuesOf = async (pattern: string) => {
    const keys = (await redis.keys(pattern)).sort();
    const values = keys.length > 0 ? await redis.mget(keys) : [];
    return keys.map((key, index) => [key, values[index]]);
  };
  const state = {
    views: await valuesOf('movie:views:*'),
    postViews: await valuesOf('post:views:*'),
    postLikes: await Promise.all(
      (await redis.keys('post:likes:*'))
        .sort()
        .map(async (key) => [key, await redis.zrange(key, '0', '-1', 'WITHSCORES')]),
    ),
    deletedPosts: (await redis.smembers('posts:deleted')).sort(),
    blocks: await Promise.all(
      (await redis.keys('blocks:*')).sort().map(async (key) => [key, await redis.zrange(key, '0', '-1', 'WITHSCORES')]),
    ),
    leaderboard: await redis.call('ZRANGE', 'leaderboard:views', '0', '-1', 'WITHSCORES'),
    passingLeaderboards: await passingLeaderboards(redis),
    trending: await redis.call('ZRANGE', 'trending', '0', '-1', 'WITHSCORES'),
  };
  await redis.quit();
  return state;
}

/** Those of days and weeks. */
async function passingLeaderboards(redis: Redis) {
  const keys = [...(await redis.keys('leaderboard:day:*')), ...(await redis.keys('leaderboard:week:*'))].sort();
  const boards = await Promise.all(
    keys.map(async (key) => ({
      key,
      expiresAtMs: await redis.pexpiretime(key),
      movies: await redis.zrange(key, '0', '-1', 'WITHSCORES'),
    })),
  );
  return boards.filter(({ expiresAtMs }) => expiresAtMs > comparedFromMs + comparedForMs);
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
    social: await rowsOf('social_activity_by_user'),
    following: await rowsOf('following_by_user'),
    followers: await rowsOf('followers_by_author'),
    authored: await rowsOf('posts_by_author'),
    deletedPosts: await rowsOf('deleted_posts'),
    mergedAuthors: await rowsOf('merged_authors'),
    feed: await rowsOf('feed_by_user'),
  };
  await client.shutdown();
  return state;
}

async function clickhouseState() {
  const { url, database } = settings.clickhouse;
  const client = createClient({ url, database });
  const ask = async (query: string) => (await client.query({ query, format: 'JSONEachRow' })).json();
  // What is a day older is there as well, but goes some time.
  const [keptLong, keptForTrending] = [399, 7].map((days) => `toDateTime(${hoursAgo(days * 24)}, 'UTC')`);
  const state = {
    events: await ask(
      'SELECT movie_id, action, uniqExact(event_id) AS events FROM movie_watch_events GROUP BY ALL ORDER BY ALL',
    ),
    perHour: await ask(
      'SELECT movie_id, hour, uniqExactMerge(views) AS views FROM views_per_hour GROUP BY ALL ORDER BY ALL',
    ),
    engagement: await ask(
      'SELECT post_id, kind, uniqExact(event_id) AS events FROM post_engagement_events GROUP BY ALL ORDER BY ALL',
    ),
    engagementPerHour: await ask(
      `SELECT post_id, hour, kind, uniqExactMerge(acts) AS acts FROM post_engagement_per_hour
      WHERE hour >= ${keptLong} GROUP BY ALL ORDER BY ALL`,
    ),
    trendPerHour: await ask(
      `SELECT post_id, hour, kind, uniqExactMerge(acts) AS acts FROM post_trend_per_hour
      WHERE hour >= ${keptForTrending} GROUP BY ALL ORDER BY ALL`,
    ),
    posts: await ask(
      'SELECT post_id, any(author_id) AS author, max(is_deleted) AS gone FROM posts GROUP BY post_id ORDER BY post_id',
    ),
    likes: await ask(
      `SELECT post_id, user_id, max(version) AS newest, argMax(likes, version) AS holds FROM post_likes
      WHERE changed_at >= ${keptForTrending} GROUP BY ALL ORDER BY ALL`,
    ),
  };
  await client.close();
  return state;
}

async function neo4jState() {
  const driver = neo4j.driver(settings.neo4j.url);
  const rowsOf = async (query: string) => {
    const { records } = await driver.executeQuery(query);
    return records.map((record) => JSON.stringify(record.toObject(), (_, value) => value ?? null));
  };
  const state = {
    nodes: await rowsOf(
      'MATCH (n) WHERE NOT n:SinkProbe RETURN labels(n) AS labels, properties(n) AS of ORDER BY labels(n)[0], coalesce(n.id, n.name)',
    ),
    edges: await rowsOf(`MATCH (a)-[r]->(b)
      RETURN type(r) AS type, coalesce(a.id, a.name) AS from, coalesce(b.id, b.name) AS to, properties(r) AS of
      ORDER BY type, from, to`),
  };
  await driver.close();
  return state;
}

async function elasticsearchState() {
  const client = new Elasticsearch({ node: settings.elasticsearch.url });
  const documentsOf = async (index: string) => {
    const lines: string[] = [];
    const { hits } = await client.search({ index, size: 10_000, version: true });
    for (const { _id, _version, _source } of hits.hits) lines.push(JSON.stringify([_id, _version, _source]));
    return lines.sort();
  };
  const state = { movies: await documentsOf('movies'), posts: await documentsOf('posts') };
  await client.close();
  return state;
}

async function qdrantState() {
  const client = new QdrantClient({ url: settings.qdrant.url, checkCompatibility: false });
  const pointsOf = async (collection: string) => {
    const { points } = await client.scroll(collection, { limit: 10_000, with_vector: true });
    return points.map((point) => JSON.stringify([point.id, point.payload, rounded(point.vector)])).sort();
  };
  // How often a viewer's point was written depends on how the batches were cut.
  const viewers = (await client.scroll('viewers', { limit: 10_000 })).points.map(({ id, payload }) =>
    JSON.stringify([id, { ...payload, version: undefined }]),
  );
  return { movies: await pointsOf('movies'), posts: await pointsOf('posts'), viewers: viewers.sort() };
}

/** A text embedded in another batch has another last bit; what was deleted has no vector. */
const rounded = (vector: unknown) =>
  Array.isArray(vector) ? vector.map((value) => value.toFixed(3).replace('-0.000', '0.000')) : 'none';

async function questdbState() {
  const client = new pg.Client(settings.questdb.url);
  await client.connect();
  const { rows } = await client.query('SELECT * FROM streaming_metrics ORDER BY time, movie_id, user_id');
  await client.end();
  return rows.map((row) => JSON.stringify(row));
}

import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@clickhouse/client';
import { Client as Elasticsearch } from '@elastic/elasticsearch';
import { QdrantClient } from '@qdrant/js-client-rest';
import { Client as Cassandra } from 'cassandra-driver';
import { Redis } from 'ioredis';
import neo4j from 'neo4j-driver';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../../config.ts';
import { type Generated, generateFolder } from '../../import/testing.ts';
import { run, verify } from '../command.ts';
import { askWhole, settings, until } from '../harness.ts';
import { lakeEvents } from '../lake.ts';
import { truth } from '../truth.ts';

// Twenty thousand ratings and many bad rows through the whole system. The import is killed once on the way. Each store is
// read past the project's own code, and compared with what the folder was made of.
const ratings = 20_000;
const home = mkdtempSync(join(tmpdir(), 'streamshop-import-'));
const folder = join(home, 'ml-test');
let generated: Generated;
let output: string;

beforeAll(async () => {
  generated = generateFolder({
    ...{ folder, seed: 'whole stack', films: 500, users: 200, ratings },
    now: new Date(),
    hasBadRows: true,
  });
  const killed = spawn(process.execPath, [join(root, 'import/cli.ts'), folder], { cwd: root, stdio: 'ignore' });
  const gone = new Promise((resolve) => killed.on('close', resolve));
  await until('a third is recorded', async () => recordedRatings() > ratings / 3, 120_000);
  killed.kill('SIGKILL');
  await gone;

  const finished = await run('import/cli.ts', folder);
  output = finished.output;
  console.log(output.slice(output.indexOf(`${folder} is imported`)));
  if (finished.code !== 0) throw new Error(`the import ended with ${finished.code}:\n${output}`);
}, 600_000);

afterAll(() => rmSync(home, { recursive: true }));

/** How many watches the checkpoint of an import has. */
function recordedRatings(): number {
  const names = readdirSync(settings.home).filter((name) => /^import-\w+\.json$/.test(name));
  const checkpoints = names.map((name) => JSON.parse(readFileSync(join(settings.home, name), 'utf8')));
  return checkpoints.find((checkpoint) => checkpoint.folder === folder)?.watches ?? 0;
}

/** ClickHouse and Cassandra keep watches for 400 days; a day of margin, since they may be gone already or not yet. */
const kept = () => {
  const since = new Date(Date.now() - 399 * 24 * 3_600_000);
  return { since, watches: generated.watches.filter(({ watchedAt }) => watchedAt >= since) };
};

const countBy = <T>(items: readonly T[], key: (item: T) => string) =>
  new Map([...Map.groupBy(items, key)].map(([name, group]) => [name, group.length]));

/** So that maps compare by what they hold, and show where they differ. */
const sorted = (counts: ReadonlyMap<string, number>) => [...counts].sort(([a], [b]) => (a < b ? -1 : 1));

test('the summary counts what was loaded, and names what was left out and why', () => {
  expect(output).toMatch(/500 films with [\d,]+ tags, 200 users, 20,000 watches/);
  for (const [kind, rows] of Object.entries(generated.bad)) expect(output).toMatch(`${rows}  ${kind}`);
  expect(output).toMatch(/every store had them [\d.]+ s after the last row/);
});

test('Postgres: films, users and watches, each once', async () => {
  const films = await truth(
    `SELECT id, title, release_year AS "releaseYear", genres, tags, imdb_id AS "imdbId", tmdb_id AS "tmdbId"
     FROM movies WHERE id ~ '^ml\\d+$' ORDER BY id`,
  );
  expect(films).toEqual(generated.films.toSorted((a, b) => (a.id < b.id ? -1 : 1)));
  const users = await truth(`SELECT id FROM users WHERE id ~ '^mlu\\d+$'`);
  expect(users).toHaveLength(200);
  const watches = await truth<{ watch: string }>(
    `SELECT concat_ws(' ', user_id, movie_id, extract(epoch FROM watched_at)::bigint) AS watch
     FROM user_watch WHERE user_id ~ '^mlu\\d+$'`,
  );
  const expected = generated.watches.map((watch) => `${watch.userId} ${watch.movieId} ${secondsOf(watch.watchedAt)}`);
  expect(watches.map(({ watch }) => watch).sort()).toEqual(expected.sort());
});

const secondsOf = (at: Date) => at.getTime() / 1_000;

test('Redis: views of each film', async () => {
  const redis = new Redis(settings.redis.url);
  const ids = generated.films.map(({ id }) => id);
  const views = await redis.mget(ids.map((id) => `movie:views:${id}`));
  await redis.quit();
  const expected = countBy(generated.watches, ({ movieId }) => movieId);
  expect(ids.map((id, index) => [id, Number(views[index])])).toEqual(ids.map((id) => [id, expected.get(id) ?? 0]));
});

test('Cassandra: the history of each user, as far back as it is kept', async () => {
  const { contactPoint, datacenter, keyspace } = settings.cassandra;
  const client = new Cassandra({ contactPoints: [contactPoint], localDataCenter: datacenter, keyspace });
  const { since, watches } = kept();
  const userIds = [...new Set(generated.watches.map(({ userId }) => userId))];
  const query = 'SELECT activity_time, movie_id FROM user_activity_by_user WHERE user_id = ? AND activity_time >= ?';
  const shown: string[] = [];
  for (const userId of userIds) {
    const { rows } = await client.execute(query, [userId, since], { prepare: true });
    for (const row of rows) shown.push(`${userId} ${row.movie_id} ${secondsOf(row.activity_time)}`);
  }
  await client.shutdown();
  const expected = watches.map((watch) => `${watch.userId} ${watch.movieId} ${secondsOf(watch.watchedAt)}`);
  expect(shown.sort()).toEqual(expected.sort());
});

test('ClickHouse: views of each film, as far back as they are kept', async () => {
  const { url, database } = settings.clickhouse;
  const client = createClient({ url, database });
  const { since, watches } = kept();
  const result = await client.query({
    query: `SELECT movie_id, toUInt32(uniqExact(event_id)) AS views FROM movie_watch_events
      WHERE match(movie_id, '^ml\\\\d+$') AND watched_at >= {since:DateTime64(3, 'UTC')} GROUP BY movie_id`,
    query_params: { since },
    format: 'JSONEachRow',
  });
  const rows = await result.json<{ movie_id: string; views: number }>();
  await client.close();
  const shown = new Map(rows.map(({ movie_id, views }) => [movie_id, views]));
  expect(sorted(shown)).toEqual(sorted(countBy(watches, ({ movieId }) => movieId)));
});

test('Neo4j: who has watched what', async () => {
  const driver = neo4j.driver(settings.neo4j.url);
  const { records } = await driver.executeQuery(
    `MATCH (u:User)-[:WATCHED]->(m:Movie) WHERE u.id =~ 'mlu\\\\d+' RETURN u.id AS user, m.id AS movie`,
  );
  await driver.close();
  const pairs = records.map((record) => `${record.get('user')} ${record.get('movie')}`);
  expect(pairs.sort()).toEqual(generated.watches.map(({ userId, movieId }) => `${userId} ${movieId}`).sort());
});

test('Elasticsearch: every film with its title, genres and tags', async () => {
  const client = new Elasticsearch({ node: settings.elasticsearch.url });
  const { hits } = await client.search<Record<string, unknown>>({ index: 'movies', size: 10_000 });
  await client.close();
  expect(filmsOf(hits.hits.flatMap(({ _source }) => (_source ? [_source] : [])))).toEqual(expectedFilms());
});

test('Qdrant: every film with its title, genres and tags', async () => {
  const client = new QdrantClient({ url: settings.qdrant.url, checkCompatibility: false });
  const { points } = await client.scroll('movies', { limit: 10_000, with_payload: true });
  expect(filmsOf(points.flatMap(({ payload }) => (payload ? [payload] : [])))).toEqual(expectedFilms());
});

/** The imported ones among what a store shows, by id. */
const filmsOf = (shown: readonly Record<string, unknown>[]) =>
  shown
    .filter(({ id }) => /^ml\d+$/.test(String(id)))
    .map(({ id, title, releaseYear, genres, tags }) => ({ id: String(id), title, releaseYear, genres, tags }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
const expectedFilms = () => filmsOf(generated.films.map((film) => ({ ...film })));

test('the lake: an event for each watch and each film', async () => {
  const watched = await lakeEvents(settings, 'watch_events');
  const pairs = watched.flatMap(({ type, data }) =>
    type === 'watch.recorded' && /^mlu\d+$/.test(data.userId) ? [`${data.userId} ${data.movieId}`] : [],
  );
  expect(pairs.sort()).toEqual(generated.watches.map(({ userId, movieId }) => `${userId} ${movieId}`).sort());
  const changed = await lakeEvents(settings, 'movie_events');
  expect(changed.filter(({ subject }) => /^ml\d+$/.test(subject))).toHaveLength(generated.films.length);
});

test('the graph shows an imported film', async () => {
  const [movieId = '', views] = sorted(countBy(generated.watches, ({ movieId }) => movieId))[0] ?? [];
  const { movie } = await askWhole('query ($id: ID!) { movie(id: $id) { title releaseYear tags viewCount } }', {
    variables: { id: movieId },
  });
  const { title, releaseYear, tags } = generated.films.find(({ id }) => id === movieId) ?? {};
  expect(movie).toEqual({ title, releaseYear, tags, viewCount: views });
});

test('every derived store is as its sources', { timeout: 300_000 }, verify);

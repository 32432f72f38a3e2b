import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../../config.ts';
import { control } from '../control.ts';
import {
  alice,
  ask,
  bob,
  createPost,
  follow,
  login,
  newUser,
  recordWatch,
  reportPlayback,
  settings,
  until,
  untilApplied,
} from '../harness.ts';
import { expectOutageOf, nullPaths } from './null-paths.ts';

const moviePage = readFileSync(join(root, 'schema', 'operations', 'movie-page.graphql'), 'utf8');

/** What of the page each store answers, as paths of the answer. With Redis the viewer goes, and with the viewer what is theirs. */
const pathsOf: Record<string, string[]> = {
  postgres: [
    ...['title', 'synopsis', 'releaseYear', 'runtimeMinutes', 'genres', 'tags', 'licensedFrom', 'licensedUntil'].map(
      (field) => `movie.${field}`,
    ),
    'trendingMovies.*.movie.title',
    'topMovies.*.movie.title',
    'me.name',
    'me.continueWatching.edges.*.node.movie.title',
    'me.watchHistory.edges.*.node.movie.title',
    'movie.discussion.edges.*.node.author.name',
    'movie.discussion.edges.*.node.comments.edges.*.node.author.name',
    'movie.friendsWhoWatched.*.name',
    'movie.related.*.title',
    'movie.similar.*.movie.title',
  ],
  redis: [
    ...['movie.viewCount', 'movie.rank', 'movie.streamingUrl', 'movie.friendsWhoWatched', 'trendingMovies', 'me'],
    ...['movie.discussion.edges.*.node.viewCount', 'movie.discussion.edges.*.node.likeCount'],
  ],
  cassandra: ['me.continueWatching', 'me.watchHistory'],
  clickhouse: ['movie.viewsLast24h', 'movie.viewsPerHour', 'topMovies'],
  s3: ['movie.posterUrl', 'movie.streamingUrl', 'trendingMovies.*.movie.posterUrl'],
  kafka: ['fanout'],
  mongo: ['movie.discussion'],
  neo4j: ['movie.friendsWhoWatched'],
  elasticsearch: ['movie.related'],
  qdrant: ['movie.similar'],
  questdb: ['movie.playbackQuality'],
};

let token: string;
const page = () => ask(moviePage, { token, variables: { id: 'm101' } });

beforeAll(async () => {
  token = await login(alice);
});

describe.for(Object.keys(pathsOf))('with %s stopped', (store) => {
  afterEach(async () => {
    await control(settings, 'start', store);
    await until(`the page is whole again after ${store} is back`, async () => (await page()).errors.length === 0);
  });

  test('the page still answers, with just its fields null and coded', async () => {
    await control(settings, 'stopOne', store);
    const startedAt = performance.now();
    const answer = await page();
    expect(performance.now() - startedAt).toBeLessThan(settings.gateway.requestTimeoutMs);

    expect(nullPaths(answer.data)).toEqual(new Set(pathsOf[store]));
    expect(answer.errors.length).toBeGreaterThan(0);
    expectOutageOf(store, { paths: pathsOf[store] as string[], errors: answer.errors });
  });

  // Without Redis nobody is known, so nothing is accepted.
  test.skipIf(store === 'redis')('what is accepted meanwhile arrives', async () => {
    const user = await newUser();
    await control(settings, 'stopOne', store);
    const eventIds: string[] = [];
    const movieId = `m-${randomUUID()}`;
    if (store !== 'kafka') await reportPlayback(user.token, { movieId });
    if (store !== 'postgres') eventIds.push(await recordWatch(user.token, { movieId: 'm130' }));
    if (store !== 'postgres') eventIds.push(await follow(user.token, bob.id));
    if (store !== 'mongo') eventIds.push((await createPost(user.token, { movieId: 'm130' })).eventId);
    await control(settings, 'start', store);
    for (const eventId of eventIds) await untilApplied(eventId, user.token);
    if (store !== 'kafka') await until('its report is shown', () => isReported(movieId));
  });
});

test('a store that hangs costs its deadline once, and its own fields only', async () => {
  await control(settings, 'pause', 'clickhouse');
  try {
    const { data, errors } = await page();
    expect(nullPaths(data)).toEqual(new Set(pathsOf.clickhouse));
    expect(new Set(errors.map(({ extensions }) => extensions?.code))).toEqual(new Set(['STORE_TIMEOUT']));
  } finally {
    await control(settings, 'resume', 'clickhouse');
  }
  await until('the page is whole again', async () => (await page()).errors.length === 0);
});

test('a read after an event that a store cannot apply in time says so', async () => {
  const user = await newUser();
  await control(settings, 'stopOne', 'clickhouse');
  try {
    const eventId = await recordWatch(user.token, { movieId: 'm132' });
    const { data, extensions } = await ask('{ movie(id: "m132") { viewCount viewsLast24h } }', {
      token: user.token,
      headers: { 'x-streamshop-after': eventId },
    });
    expect(extensions.notYetApplied).toEqual(['clickhouse']);
    expect(data.movie.viewCount).toBeGreaterThan(0);
  } finally {
    await control(settings, 'start', 'clickhouse');
  }
});

test('the gateway tells that it lives, and which stores answer', async () => {
  const get = async (path: string) => {
    const response = await fetch(`http://${settings.gateway.host}:${settings.gateway.port}${path}`);
    return [response.status, await response.json()];
  };
  const all = Object.fromEntries(Object.keys(pathsOf).map((store) => [store, 'up']));
  expect(await get('/health')).toEqual([200, { status: 'up' }]);
  expect(await get('/ready')).toEqual([200, { status: 'ready', stores: all }]);
  await control(settings, 'stopOne', 's3');
  expect(await get('/ready')).toEqual([200, { status: 'ready', stores: { ...all, s3: 'down' } }]);
  await control(settings, 'start', 's3');
});

async function isReported(movieId: string): Promise<boolean> {
  const { data } = await ask('query ($id: ID!) { movie(id: $id) { playbackQuality(lastMinutes: 60) { reports } } }', {
    variables: { id: movieId },
  });
  return data.movie.playbackQuality?.length === 1;
}

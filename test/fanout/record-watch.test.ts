import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  ask,
  askWhole,
  newUser,
  recordWatch,
  recordWatchMutation,
  settings,
  untilApplied,
  watchInput,
} from '../harness.ts';
import { lakeEvents } from '../lake.ts';
import { truth } from '../truth.ts';

const movieId = 'm120';
const pageQuery = `query ($id: ID!) {
  movie(id: $id) { viewCount viewsLast24h viewsPerHour(last: 1) { views } }
  me { watchHistory(first: 10) { edges { node { id action positionSeconds device quality movie { id title } } } }
       continueWatching(first: 10) { edges { node { positionSeconds movie { id } } } } }
}`;
const page = (token: string) => askWhole(pageQuery, { token, variables: { id: movieId } });

test('a watch reaches every derived store once: event(id) says when, and each store then shows it', async () => {
  const user = await newUser();
  const before = await page(user.token);

  const played = await recordWatch(user.token, { movieId });
  const stopped = await recordWatch(user.token, {
    movieId,
    action: 'STOP',
    positionSeconds: 600,
    durationSeconds: 600,
  });
  await untilApplied(stopped, user.token);

  const after = await page(user.token);
  expect(after.movie.viewCount).toBe(before.movie.viewCount + 1);
  expect(after.movie.viewsLast24h).toBe(before.movie.viewsLast24h + 1);
  expect(after.movie.viewsPerHour[0].views).toBeGreaterThan(0);
  const history = after.me.watchHistory.edges.map(({ node }: { node: unknown }) => node);
  expect(history).toMatchObject([
    { id: stopped, action: 'STOP', positionSeconds: 600, device: 'WEB', quality: 'HD', movie: { id: movieId } },
    { id: played, action: 'PLAY', positionSeconds: 0 },
  ]);
  expect(after.me.continueWatching.edges).toEqual([{ node: { positionSeconds: 600, movie: { id: movieId } } }]);

  const inLake = await lakeEvents(settings, 'watch_events');
  expect(inLake.filter(({ id }) => id === played || id === stopped)).toMatchObject([
    { id: played, type: 'watch.recorded', actor: user.id, data: { userId: user.id, movieId, action: 'PLAY' } },
    { id: stopped, data: { action: 'STOP', positionSeconds: 600 } },
  ]);
});

test('the event tells its position and each sink; only its actor can see it', async () => {
  const user = await newUser();
  const eventId = await recordWatch(user.token, { movieId });
  await untilApplied(eventId, user.token);
  const query = `query ($id: ID!) { event(id: $id) { id type topic partition offset publishedAt sinks { name status lagMs } } }`;
  const { event } = await askWhole(query, { token: user.token, variables: { id: eventId } });
  expect(event).toMatchObject({ id: eventId, type: 'watch.recorded', topic: 'watch_events' });
  expect(event.offset).toMatch(/^\d+$/);
  expect(event.sinks.map(({ name, status, lagMs }: Record<string, unknown>) => [name, status, lagMs]).sort()).toEqual([
    ['cassandra', 'APPLIED', 0],
    ['clickhouse', 'APPLIED', 0],
    ['elasticsearch', 'NOT_CONSUMED', null],
    ['neo4j', 'APPLIED', 0],
    ['qdrant', 'APPLIED', 0],
    ['questdb', 'NOT_CONSUMED', null],
    ['redis', 'APPLIED', 0],
    ['s3', 'APPLIED', 0],
  ]);

  const stranger = await newUser();
  const theirs = await ask(query, { token: stranger.token, variables: { id: eventId } });
  expect(theirs.data).toEqual({ event: null });
  expect(theirs.errors).toMatchObject([{ path: ['event'], extensions: { code: 'NOT_FOUND' } }]);
  const signedUp = await askWhole(query, { token: stranger.token, variables: { id: stranger.eventId } });
  // Of a new name learn the graph and the lake.
  const consumers = signedUp.event.sinks.filter(({ status }: { status: string }) => status !== 'NOT_CONSUMED');
  expect(consumers.map(({ name }: { name: string }) => name).sort()).toEqual(['neo4j', 's3']);
});

test('a read after an event shows it without waiting by hand', async () => {
  const user = await newUser();
  for (let round = 1; round <= 5; round += 1) {
    const eventId = await recordWatch(user.token, { movieId });
    const { data, errors, extensions } = await ask(pageQuery, {
      token: user.token,
      variables: { id: movieId },
      headers: { 'x-streamshop-after': eventId },
    });
    expect(errors).toEqual([]);
    expect(extensions.notYetApplied).toBeUndefined();
    expect(data.me.watchHistory.edges).toHaveLength(round);
    expect(data.me.watchHistory.edges[0].node.id).toBe(eventId);
  }
});

test('a retried call is one watch, also when both calls run at once', async () => {
  const user = await newUser();
  const input = watchInput({ movieId, idempotencyKey: randomUUID() });
  const call = () => askWhole(recordWatchMutation, { token: user.token, variables: { input } });
  const answers = await Promise.all([call(), call(), call()]);
  const ids = new Set([...answers, await call()].map(({ recordWatch }) => recordWatch.event.id));
  expect(ids.size).toBe(1);
  expect(await truth('SELECT 1 FROM user_watch WHERE user_id = $1', [user.id])).toHaveLength(1);
});

test.for([
  ['an unknown movie', { movieId: 'm-unknown' }, 'NOT_FOUND', ['input', 'movieId']],
  ['a negative duration', { durationSeconds: -1 }, 'BAD_USER_INPUT', ['input', 'durationSeconds']],
  ['a negative position', { positionSeconds: -1 }, 'BAD_USER_INPUT', ['input', 'positionSeconds']],
  ['a position past the end', { positionSeconds: 1_000_000 }, 'BAD_USER_INPUT', ['input', 'positionSeconds']],
  ['a time in the future', { watchedAt: '2999-01-01T00:00:00Z' }, 'BAD_USER_INPUT', ['input', 'watchedAt']],
  ['a movie id of 10 kB', { movieId: 'x'.repeat(10_240) }, 'BAD_USER_INPUT', ['input', 'movieId']],
  [
    'an idempotency key of 10 kB',
    { idempotencyKey: 'x'.repeat(10_240) },
    'BAD_USER_INPUT',
    ['input', 'idempotencyKey'],
  ],
  ['an empty idempotency key', { idempotencyKey: '' }, 'BAD_USER_INPUT', ['input', 'idempotencyKey']],
] as const)('%s is refused with its path, and nothing is written', async ([, overrides, code, argument]) => {
  const user = await newUser();
  await untilApplied(user.eventId, user.token);
  const { data, errors } = await ask(recordWatchMutation, {
    token: user.token,
    variables: { input: watchInput({ movieId, ...overrides }) },
  });
  expect(data?.recordWatch ?? null).toBeNull();
  expect(errors).toHaveLength(1);
  expect(errors[0]?.extensions).toMatchObject({ code, argument });
  expect(errors[0]?.message.length).toBeLessThan(500);
  const written = await truth(
    `SELECT 1 FROM user_watch WHERE user_id = $1
     UNION ALL SELECT 1 FROM playback WHERE user_id = $1
     UNION ALL SELECT 1 FROM outbox WHERE actor_id = $1
     UNION ALL SELECT 1 FROM event_position WHERE actor_id = $1 AND event_id <> $2`,
    [user.id, user.eventId],
  );
  expect(written).toEqual([]);
});

test('an id of 10 kB in a lookup is refused at the edge', async () => {
  const { data, errors } = await ask('query ($id: ID!) { movie(id: $id) { title } }', {
    variables: { id: 'x'.repeat(10_240) },
  });
  expect(data).toEqual({ movie: null });
  expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument: ['id'] });
});

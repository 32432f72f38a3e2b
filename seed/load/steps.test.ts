import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSettings } from '../../config.ts';
import type { Source } from '../../fanout/sink.ts';
import type { Room } from '../../gateway/room.ts';
import { kafka } from '../../subgraphs/kafka/index.ts';
import { openMongo } from '../../subgraphs/mongo/store.ts';
import { openTestPostgres, type TestPostgres } from '../../subgraphs/postgres/testing.ts';
import { readFilms } from '../films.ts';
import { type Demo, generate } from '../generate.ts';
import { type Job, type Step, steps } from './steps.ts';

const settings = readSettings();
const films = readFilms();
const demo = generate({ size: 'test', now: new Date(Date.now() - 1_000), films });

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await openTestPostgres();
});
afterAll(() => postgres[Symbol.asyncDispose]());

/**
 * Loads a step as one that is broken off after its first batch, begun again and broken off after its second, and so on, until
 * it is done; and then once more.
 * @returns how often it was broken off
 */
async function loadWithInterruptions(step: Step, parts: Partial<Demo> = {}): Promise<number> {
  const job: Job = {
    ...{ settings, films, demo: { ...demo, ...parts }, postgres: postgres.store },
    record: { size: 'test', now: '', steps: [], reports: 0, views: 0, isApplied: false },
    save: () => {},
    onProgress: () => {},
  };
  for (let interruptions = 0; ; interruptions++) {
    let batchesLeft = interruptions + 1;
    const onProgress = () => {
      if (--batchesLeft === 0) throw new Error('interrupted');
    };
    const outcome = await step.load({ ...job, onProgress }).catch((error: Error) => error.message);
    if (outcome === undefined) {
      await step.load(job);
      return interruptions;
    }
    expect(outcome).toBe('interrupted');
  }
}

const stepNamed = (name: string) => steps.find((step) => step.name === name) as Step;

test('what goes to Postgres is there once, with one event each', async () => {
  for (const step of steps.filter(({ store }) => store === 'postgres')) {
    expect(await loadWithInterruptions(step)).toBeGreaterThan(0);
  }
  const counts = {
    'user.signed_up': demo.users.length,
    'movie.changed': films.length,
    'watch.recorded': [...demo.watches].length,
    'follow.changed': [...demo.follows].length,
    'like.changed': [...demo.likes].length,
  };
  const [rows] = await postgres.store.db.$queryRaw<object[]>`
    SELECT (SELECT count(*) FROM users)::int AS "user.signed_up", (SELECT count(*) FROM movies)::int AS "movie.changed",
           (SELECT count(*) FROM user_watch)::int AS "watch.recorded",
           (SELECT count(*) FROM follow WHERE follows)::int AS "follow.changed",
           (SELECT count(*) FROM user_like WHERE likes)::int AS "like.changed"`;
  expect(rows).toEqual(counts);
  const events = await postgres.store.db.$queryRaw<{ type: string; count: number }[]>`
    SELECT type, count(*)::int AS count FROM outbox GROUP BY type`;
  expect(Object.fromEntries(events.map(({ type, count }) => [type, count]))).toEqual(counts);
});

test('what goes to MongoDB is there once, and a comment has raised the version of its post once', async () => {
  const run = randomUUID();
  const own = (id: string) => `${id}-${run}`;
  const posts = [...demo.posts]
    .slice(0, 5)
    .map((post) => ({ ...post, id: own(post.id), authorId: own(post.authorId), movieId: null }));
  const comments = [...demo.comments]
    .map((comment) => ({
      ...comment,
      id: own(comment.id),
      postId: own(comment.postId),
      authorId: own(comment.authorId),
    }))
    .filter(({ postId }) => posts.some(({ id }) => id === postId));
  const mongo = openMongo(settings.mongo);
  await mongo.migrate();
  expect(await loadWithInterruptions(stepNamed('posts'), { posts, comments })).toBe(2);

  const of = { $in: posts.map(({ id }) => id) };
  const writtenPosts = await mongo.call('db.posts.find(…)', async ({ posts }) => await posts.find({ _id: of }).lean());
  const writtenComments = await mongo.call(
    'db.comments.find(…)',
    async ({ comments }) => await comments.find({ postId: of }).lean(),
  );
  await mongo.close();
  const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
  const commentsOf = (postId: string) => comments.filter((comment) => comment.postId === postId).length;
  expect(
    writtenPosts.map(({ _id, authorId, body, version }) => ({ id: _id, authorId, body, version })).toSorted(byId),
  ).toEqual(
    posts.map(({ id, authorId, body }) => ({ id, authorId, body, version: 1 + commentsOf(id) })).toSorted(byId),
  );
  expect(writtenComments.map(({ _id, eventId: _, ...comment }) => ({ id: _id, ...comment })).toSorted(byId)).toEqual(
    comments.toSorted(byId),
  );
});

test('what goes to Kafka goes on behind what was sent', async () => {
  const run = randomUUID();
  const movieId = `m-${run}`;
  const [metric] = demo.playbackMetrics;
  const playbackMetrics = Array.from({ length: 2_500 }, (_, n) => ({
    ...{ ...(metric as NonNullable<typeof metric>), movieId, userId: `u-${run}` },
    measuredAt: new Date(Date.UTC(2026, 0, 1) + n * 60_000),
  }));
  const open = (kafka.open as NonNullable<Room['open']>)({ settings, sinks: [] });
  await open.store.migrate();
  expect(await loadWithInterruptions(stepNamed('playback'), { playbackMetrics })).toBeGreaterThan(0);

  const times: string[] = [];
  for await (const reports of (open.source as Source).playbackReports()) {
    times.push(...reports.flatMap(({ data }) => (data.movieId === movieId ? [data.measuredAt] : [])));
  }
  await open.store.close();
  expect(times).toEqual(playbackMetrics.map(({ measuredAt }) => measuredAt.toISOString()));
});

import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { XrayReport } from '../../gateway/xray-report.ts';
import { HomepageDocument } from '../../schema/generated/graphql.ts';
import { control } from '../control.ts';
import { ask, createPost, follow, newUser, settings, until, untilApplied } from '../harness.ts';
import { mutate, settleIn, upload } from '../home.ts';
import { expectOutageOf, nullPaths } from './null-paths.ts';

const feed = 'me.feed.edges.*.post';

/** What of the homepage each store answers, as paths of the answer. With Redis the viewer goes, and with the viewer what is theirs. */
const pathsOf: Record<string, string[]> = {
  postgres: [
    ...['me.name', `${feed}.author.name`, `${feed}.movie.title`, `${feed}.likedByFriends.*.name`],
    ...['me.continueWatching.edges.*.node.movie.title', 'me.recommendations.*.movie.title'],
    ...['me.recommendations.*.reasons.*.movie.title', 'me.recommendations.*.reasons.*.users.*.name'],
    ...['me.peopleToFollow.*.user.name', 'me.peopleToFollow.*.mutuals.*.name'],
    ...['trendingPosts.*.post.author.name', 'leaderboard.*.movie.title'],
  ],
  redis: ['me', 'leaderboard'],
  cassandra: ['me.feed', 'me.continueWatching'],
  clickhouse: ['trendingPosts'],
  s3: [
    ...['me.continueWatching.edges.*.node.movie.posterUrl', 'me.recommendations.*.movie.posterUrl'],
    ...['leaderboard.*.movie.posterUrl', `${feed}.attachments.*.upload.url`],
  ],
  mongo: [
    'me.profile',
    ...['title', 'body', 'createdAt', 'tags', 'attachments', 'poll', 'author', 'movie'].map(
      (field) => `${feed}.${field}`,
    ),
    ...['trendingPosts.*.post.title', 'trendingPosts.*.post.author'],
  ],
  neo4j: ['me.peopleToFollow', `${feed}.likedByFriends`],
  qdrant: [],
  elasticsearch: [],
  kafka: [],
  questdb: [],
};

/** Where these are down, recommendations go on with less, and have an error that says so. */
const storesOfSignals = ['redis', 'neo4j', 'qdrant'];

/** What goes as well where a store dies in the middle of a page: with Redis, the viewer is known then. */
const midPageOf: Record<string, string[]> = { redis: [`${feed}.viewCount`, `${feed}.likeCount`] };

let token: string;
let nullWhenWhole: Set<string>;
const page = ({ of = token, headers = {} }: { of?: string; headers?: Record<string, string> } = {}) =>
  ask(HomepageDocument, { token: of, headers, variables: {} });
type Page = Awaited<ReturnType<typeof page>>;

/** Waits until every store answers again. */
const wholePage = (store: string, of = token) =>
  until(`the homepage is whole again after ${store} is back`, async () => {
    const { data, errors } = await page({ of });
    return errors.length === 0 ? data : null;
  });

const missingIn = (data: Page['data']) => [...nullPaths(data)].filter((path) => !nullWhenWhole.has(path));

/** How long a frontend leaves its page be: without a rest they would leave a store that starts no processor. */
const restMs = 100;

/** While `work` runs, two frontends ask for the homepage again and again. */
async function underTraffic(work: () => Promise<unknown>): Promise<(Page & { durationMs: number })[]> {
  const answers: (Page & { durationMs: number })[] = [];
  let isOver = false;
  const frontend = async () => {
    while (!isOver) {
      const startedAt = performance.now();
      const answer = await page();
      answers.push({ ...answer, durationMs: performance.now() - startedAt });
      await delay(restMs);
    }
  };
  const working = until('the first page has come', async () => answers.length > 0)
    .then(work)
    .finally(() => {
      isOver = true;
    });
  await Promise.all([working, frontend(), frontend()]);
  return answers;
}

/** Longer than all that is waited for inside. */
const timeout = 180_000;

beforeAll(async () => {
  token = (await settleIn()).vera.token;
  // What is trending is remembered for those who block nobody, and would outlive ClickHouse for some seconds.
  await untilApplied(await mutate(token, 'block', { userId: (await newUser()).id }), token);
  const { data, errors } = await page();
  expect(errors).toEqual([]);
  nullWhenWhole = nullPaths(data);
});

describe.for(Object.keys(pathsOf))('with %s stopped', { timeout }, (store) => {
  const own = pathsOf[store] as string[];
  const atMost = [...own, ...(midPageOf[store] ?? [])];
  const paths = [...atMost, ...(storesOfSignals.includes(store) ? ['me.recommendations'] : [])];

  afterEach(async () => {
    await control(settings, 'start', store);
    await wholePage(store);
  });

  test('the homepage goes on under traffic, with just its fields null and coded, and recommends what it can', async () => {
    const answers = await underTraffic(async () => {
      await control(settings, 'stopOne', store);
      const { data, errors } = await page();
      expect(new Set(missingIn(data))).toEqual(new Set(own.filter((path) => !nullWhenWhole.has(path))));
      expect(errors.length > 0).toBe(paths.length > 0);
      await control(settings, 'start', store);
      await wholePage(store);
    });
    for (const { data, errors, durationMs } of answers) {
      expect(durationMs).toBeLessThan(settings.gateway.requestTimeoutMs);
      expectOutageOf(store, { paths, errors });
      expect(atMost).toEqual(expect.arrayContaining(missingIn(data)));
      if (store !== 'redis') expect(data.me?.recommendations?.length).toBeGreaterThan(0);
    }
    expect(answers.some(({ errors }) => errors.length > 0)).toBe(paths.length > 0);
  });

  // Without Redis nobody is known, so nothing is accepted.
  test.skipIf(store === 'redis')('what is accepted meanwhile arrives on the homepage', async () => {
    const [reader, writer, pest] = [await newUser('Reader'), await newUser('Writer'), await newUser('Pest')];
    const asked = await createPost(writer.token, { poll: { options: ['Yes', 'No'] } });
    const spam = await createPost(pest.token);
    const settled: Deed[] = [
      [writer, asked.eventId],
      [pest, spam.eventId],
      [reader, await follow(reader.token, writer.id)],
      [reader, await follow(reader.token, pest.id)],
    ];
    await untilAllApplied(settled);

    await control(settings, 'stopOne', store);
    const accepted: Deed[] = [];
    const seen = [spam.id, asked.id];
    if (store !== 'postgres') {
      accepted.push([reader, await mutate(reader.token, 'block', { userId: pest.id })]);
      seen.shift();
    }
    if (store !== 'mongo') {
      const attachments = store === 's3' ? [] : [{ type: 'IMAGE', uploadId: await upload(writer.token) }];
      const shown = await createPost(writer.token, { attachments });
      accepted.push(
        [writer, shown.eventId],
        [reader, await mutate(reader.token, 'updateProfile', { bio: `Written without ${store}.` })],
        [reader, await mutate(reader.token, 'votePoll', { postId: asked.id, option: 1 })],
        [reader, await mutate(reader.token, 'reportPost', { postId: asked.id, reason: 'SPAM' })],
      );
      seen.unshift(shown.id);
    }
    await control(settings, 'start', store);
    await untilAllApplied(accepted);

    const { me } = await wholePage(store, reader.token);
    const posts = me?.feed?.edges.map(({ post }) => post) ?? [];
    expect(posts.map((post) => post?.id)).toEqual(seen);
    if (store === 'mongo') return;
    expect(me?.profile?.bio).toBe(`Written without ${store}.`);
    expect(posts[0]?.attachments).toHaveLength(store === 's3' ? 0 : 1);
    const poll = posts.find((post) => post?.id === asked.id)?.poll;
    expect(poll).toMatchObject({ options: [{ votes: 0 }, { votes: 1 }], ownVote: 1 });
  });
});

/** Who caused an event, and its id. */
type Deed = [who: { token: string }, eventId: string];

async function untilAllApplied(deeds: readonly Deed[]): Promise<void> {
  for (const [{ token }, eventId] of deeds) await untilApplied(eventId, token);
}

test('a store that hangs costs its deadline once, and holds up nobody else', async () => {
  const { timeoutMs } = settings.clickhouse;
  await control(settings, 'pause', 'clickhouse');
  try {
    const startedAt = performance.now();
    const { data, errors, extensions } = await page({ headers: { 'x-streamshop-xray': '1' } });
    expect(performance.now() - startedAt).toBeLessThan(2 * timeoutMs);
    expect(missingIn(data)).toEqual(pathsOf.clickhouse);
    expect(new Set(errors.map(({ extensions }) => extensions?.code))).toEqual(new Set(['STORE_TIMEOUT']));
    // The posts of the feed would be asked for together with those that ClickHouse names: not any more.
    const { calls } = extensions.xray as XrayReport;
    const others = calls.filter(({ store }) => store !== 'clickhouse');
    expect(others.map(({ store }) => store)).toContain('mongo');
    for (const { store, startMs } of others) expect(startMs, store).toBeLessThan(timeoutMs);
  } finally {
    await control(settings, 'resume', 'clickhouse');
  }
  await wholePage('clickhouse');
});

import { randomInt, randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { callsDuring } from '../../gateway/testing.ts';
import type { StreamEvent } from '../../schema/events/index.ts';
import { createRandom, type Random } from '../../seed/generate/random.ts';
import { batchOf, eventOf, openOwnDatabase, written } from './testing.ts';
import { engagement, trendingPosts } from './trending-queries.ts';

const hourMs = 3_600_000;

let room: Awaited<ReturnType<typeof openOwnDatabase>>;

/** Scores go by the hour: none may end during a test. */
const now = Math.floor(Date.now() / hourMs) * hourMs + 30 * 60_000;
const hoursAgo = (hours: number) => new Date(now - hours * hourMs).toISOString();

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now });
  room = await openOwnDatabase();
});
afterEach(async () => {
  await room?.[Symbol.asyncDispose]();
  vi.useRealTimers();
});

const apply = async (events: readonly StreamEvent[]) => room.open.sink?.apply(batchOf(events));

const viewed = (postId: string, viewedAt = hoursAgo(0)) => eventOf('post.viewed', { postId, userId: 'u1', viewedAt });
const commented = (postId: string, createdAt = hoursAgo(0)) =>
  eventOf('comment.added', { commentId: randomUUID(), postId, authorId: 'u2', body: 'Body', createdAt });
const liked = (targetId: string, { userId = 'u3', version = 1, changedAt = hoursAgo(0) } = {}) =>
  eventOf('like.changed', { kind: 'POST', targetId, userId, likes: version % 2 === 1, changedAt }, version);
const deleted = (postId: string, authorId: string) =>
  eventOf('post.deleted', { postId, authorId, movieId: null, deletedAt: hoursAgo(0) });

const trending = async (first = 100, hidden: readonly string[] = []) =>
  (await trendingPosts(room.store, [{ first, hidden, mustBeFresh: true }]))[0] ?? [];

/** Posts of four authors, and what people did with them in the last nine days; some of the posts are deleted. */
function randomEvents(random: Random): StreamEvent[] {
  const posts = Array.from({ length: 25 }, (_, index) => ({ id: `p${index}`, authorId: `author${index % 4}` }));
  const anyTime = () => new Date(now - random.int(0, 9 * 24 * hourMs)).toISOString();
  const acts = Array.from({ length: 500 }, () => {
    const { id } = random.pick(posts.slice(0, random.int(1, posts.length)));
    return random.chance(0.8) ? viewed(id, anyTime()) : commented(id, anyTime());
  });
  const likes = posts.flatMap(({ id }) =>
    Array.from({ length: random.int(0, 8) }, (_, user) => {
      const times = Array.from({ length: random.int(1, 4) }, anyTime).toSorted();
      return times.map((changedAt, index) => liked(id, { userId: `u${user}`, version: index + 1, changedAt }));
    }),
  );
  const deletions = posts.filter(() => random.chance(0.2)).map(({ id, authorId }) => deleted(id, authorId));
  const unknown = [viewed('nobody-knows-who-wrote-it'), liked('nobody-knows-who-wrote-it')];
  return [
    ...posts.map(({ id, authorId }) => written(id, authorId)),
    ...acts,
    ...likes.flat(2),
    ...deletions,
    ...unknown,
  ];
}

/** The definition, event by event. */
function bruteForce(events: readonly StreamEvent[], { atMs, hidden }: { atMs: number; hidden: readonly string[] }) {
  const hourOf = (at: string | number) => Math.floor(new Date(at).getTime() / hourMs);
  const counts = new Map<string, { views: number; likes: number; comments: number; score: number }>();
  const add = (postId: string, kind: 'views' | 'likes' | 'comments', at: string) => {
    const age = hourOf(atMs) - hourOf(at);
    if (age < 0 || age >= 7 * 24) return;
    const count = counts.get(postId) ?? { views: 0, likes: 0, comments: 0, score: 0 };
    counts.set(postId, count);
    if (age < 24) count[kind] += 1;
    count.score += { views: 1, likes: 3, comments: 5 }[kind] * 2 ** (-age / 24);
  };
  const newest = new Map<string, StreamEvent & { type: 'like.changed' }>();
  for (const event of events) {
    if (event.type === 'post.viewed') add(event.data.postId, 'views', event.data.viewedAt);
    if (event.type === 'comment.added') add(event.data.postId, 'comments', event.data.createdAt);
    if (event.type !== 'like.changed') continue;
    const edge = `${event.data.userId}/${event.data.targetId}`;
    if (event.version > (newest.get(edge)?.version ?? 0)) newest.set(edge, event);
  }
  for (const { data } of newest.values()) if (data.likes) add(data.targetId, 'likes', data.changedAt);

  const gone = new Set(events.flatMap(({ type, data }) => (type === 'post.deleted' ? [data.postId] : [])));
  const shown = new Set(
    events.flatMap(({ type, data }) =>
      type === 'post.changed' && !hidden.includes(data.authorId) ? [data.postId] : [],
    ),
  );
  const ranked = [...counts]
    .map(([post_id, { score }]) => ({ post_id, score: Math.round(score * 1e6) / 1e6 }))
    .filter(({ post_id }) => shown.has(post_id) && !gone.has(post_id))
    .sort((a, b) => b.score - a.score || (a.post_id < b.post_id ? -1 : 1));
  return { counts, ranked };
}

test('posts rank as a brute force over all events says, also delivered twice in other batches, now and later', async () => {
  const seed = String(randomInt(2 ** 31));
  const random = createRandom(seed);
  const events = randomEvents(random);
  const compare = async (...laterHours: number[]) => {
    for (const hours of [0, ...laterHours]) {
      vi.setSystemTime(now + hours * hourMs);
      for (const hidden of [[], ['author0', 'author2', 'somebody else']]) {
        const { ranked } = bruteForce(events, { atMs: Date.now(), hidden });
        const found = await trending(100, hidden);
        const message = `after ${hours} h, without ${hidden}, seed ${seed}`;
        expect(
          found.map(({ post_id }) => post_id),
          message,
        ).toEqual(ranked.map(({ post_id }) => post_id));
        for (const [index, { score }] of ranked.entries()) expect(found[index]?.score, message).toBeCloseTo(score, 5);
      }
      const { counts } = bruteForce(events, { atMs: Date.now(), hidden: [] });
      const ids = [...counts.keys(), 'untouched'];
      for (const [index, answer] of (await engagement(room.store, ids)).entries()) {
        const { views, likes, comments, score } = counts.get(ids[index] ?? '') ?? {
          views: 0,
          likes: 0,
          comments: 0,
          score: 0,
        };
        expect(answer, seed).toMatchObject({ views24h: views, likes24h: likes, comments24h: comments });
        expect(answer.score, seed).toBeCloseTo(score, 5);
      }
    }
    vi.setSystemTime(now);
  };
  const inBatches = async (shuffled: readonly StreamEvent[]) => {
    for (let at = 0; at < shuffled.length; ) {
      const size = random.int(1, 150);
      await apply(shuffled.slice(at, at + size));
      at += size;
    }
  };
  await inBatches(random.shuffle(events));
  await compare(30, 24 * 6);
  await inBatches(random.shuffle(events));
  await compare();
  // And so once ClickHouse has merged, which may be at any time.
  for (const table of ['posts', 'post_likes', 'post_trend_per_hour', 'post_engagement_per_hour']) {
    await room.command(`OPTIMIZE TABLE ${table} FINAL`);
  }
  await compare();
});

test('an act counts in its own hour, however late it comes, and half as much a day later', async () => {
  await apply([written('p1', 'a1'), written('p2', 'a1')]);
  await apply([commented('p1', hoursAgo(48)), liked('p2', { changedAt: hoursAgo(24) })]);
  expect(await trending()).toEqual([
    { post_id: 'p2', score: 1.5 },
    { post_id: 'p1', score: 1.25 },
  ]);
  vi.setSystemTime(now + 24 * hourMs);
  expect(await trending()).toEqual([
    { post_id: 'p2', score: 0.75 },
    { post_id: 'p1', score: 0.625 },
  ]);
});

test('a like that is taken back is worth nothing, and one given again is worth one', async () => {
  await apply([written('p1', 'a1'), liked('p1'), viewed('p1')]);
  expect(await trending()).toEqual([{ post_id: 'p1', score: 4 }]);
  await apply([liked('p1', { version: 2 })]);
  expect(await trending()).toEqual([{ post_id: 'p1', score: 1 }]);
  await apply([liked('p1', { version: 3 }), liked('p1', { version: 1 })]);
  expect(await trending()).toEqual([{ post_id: 'p1', score: 4 }]);
});

test('a deleted post is gone, also where its deletion comes before everything else', async () => {
  await apply([deleted('p1', 'a1')]);
  await apply([written('p1', 'a1'), viewed('p1'), written('p2', 'a1'), viewed('p2')]);
  expect(await trending()).toEqual([{ post_id: 'p2', score: 1 }]);
  await apply([deleted('p2', 'a1')]);
  expect(await trending()).toEqual([]);
});

test('acts of many years, and of a clock that runs ahead, do no harm', async () => {
  const months = Array.from({ length: 20 * 12 }, (_, month) => new Date(Date.UTC(2004, month)).toISOString());
  const old = months.flatMap((at) => [viewed('p1', at), liked('p1', { userId: at, changedAt: at })]);
  const daily = Array.from({ length: 150 }, (_, day) => viewed('p1', hoursAgo(24 * (day + 10))));
  const ahead = [viewed('p1', hoursAgo(-5)), liked('p1', { changedAt: hoursAgo(-5) })];
  await apply([written('p1', 'a1'), ...old, ...daily, ...ahead, viewed('p1')]);
  expect(await trending()).toEqual([{ post_id: 'p1', score: 1 }]);
  vi.setSystemTime(now + 5 * hourMs);
  expect((await engagement(room.store, ['p1']))[0]).toMatchObject({ views24h: 2, likes24h: 1 });
});

const page = `query ($posts: [_Any!]!) {
  trendingPosts(first: 2) { score post { id } }
  _entities(representations: $posts) { ... on Post { engagement { views24h likes24h comments24h score } } }
}`;

test('a page asks once for the ranking and once for 50 posts; whom the viewer blocks it does not show', async () => {
  await apply([
    ...['p1', 'p2', 'p3'].map((id, index) => written(id, `a${index}`)),
    ...[viewed('p1'), viewed('p1'), viewed('p1'), viewed('p2'), viewed('p2'), commented('p3')],
  ]);
  const posts = Array.from({ length: 50 }, (_, index) => ({ __typename: 'Post', id: `p${index}` }));
  let answer: Awaited<ReturnType<typeof room.execute>> = {};
  const calls = await callsDuring(async () => {
    answer = await room.execute(page, { variables: { posts } });
  });
  expect(answer.errors).toBeUndefined();
  expect(calls).toHaveLength(2);
  const data = JSON.parse(JSON.stringify(answer.data));
  expect(data.trendingPosts).toEqual([
    { score: 5, post: { id: 'p3' } },
    { score: 3, post: { id: 'p1' } },
  ]);
  const none = { views24h: 0, likes24h: 0, comments24h: 0, score: 0 };
  expect(data._entities.slice(0, 2)).toEqual([
    { engagement: none },
    { engagement: { ...none, views24h: 3, score: 3 } },
  ]);

  // As many as anybody can block.
  const blocks = [...Array.from({ length: 998 }, () => `u-${randomUUID()}`), 'a2', 'a0'];
  const viewer = { userId: 'u1', scopes: [], blocks };
  const own = await room.execute('{ trendingPosts(first: 2) { post { id } } }', { viewer });
  expect(own.errors).toBeUndefined();
  expect(JSON.parse(JSON.stringify(own.data))).toEqual({ trendingPosts: [{ post: { id: 'p2' } }] });
});

test.each([0, 101])('trendingPosts(first: %i) is refused', async (first) => {
  const { errors } = await room.execute(`{ trendingPosts(first: ${first}) { score } }`);
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument: ['first'] });
});

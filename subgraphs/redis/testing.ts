import { randomInt, randomUUID } from 'node:crypto';
import { v7 } from 'uuid';
import { expect } from 'vitest';
import { readSettings, type Settings } from '../../config.ts';
import type { SinkBatch } from '../../fanout/sink.ts';
import { openTestRoom, type TestRoom } from '../../gateway/testing.ts';
import {
  type EventData,
  type EventType,
  eventTypes,
  type StreamEvent,
  type StreamEventOf,
  type Topic,
} from '../../schema/events/index.ts';
import { dayMs, dayOf } from './days.ts';
import { redis } from './index.ts';
import { keys } from './keys.ts';
import { leaderboardsOf } from './leaderboards.ts';
import { seenKey } from './seen.ts';
import { openRedis, type RedisStore } from './store.ts';

interface PlayOptions {
  action?: 'PLAY' | 'STOP';
  watchedAt?: Date;
  /** When its event was made; the id tells it. */
  recordedAt?: Date;
}

interface LikeState {
  likes: boolean;
  version: number;
}

interface BlockState {
  blocks: boolean;
  version: number;
}

/** A part of the shared Redis that is one test's alone: movies, posts, users and a partition that nobody else has. */
export interface OwnCorner extends AsyncDisposable {
  store: RedisStore;
  /** The id of a new movie. */
  movie(): string;
  play(movieId: string, options?: PlayOptions): StreamEventOf<'watch.recorded'>;
  /** The id of a new post. */
  post(): string;
  view(postId: string, options?: Pick<PlayOptions, 'recordedAt'>): StreamEventOf<'post.viewed'>;
  like(postId: string, userId: string, state: LikeState): StreamEventOf<'like.changed'>;
  deletion(postId: string): StreamEventOf<'post.deleted'>;
  /** The id of a new user. */
  user(): string;
  block(blockerId: string, blockedId: string, state: BlockState): StreamEventOf<'block.changed'>;
  /** The events as a batch of the own partition, of their topic. */
  batch(firstOffset: number, events: readonly StreamEvent[], topic?: Topic): SinkBatch;
  views(movieId: string): Promise<number>;
  /** All that Redis knows of the corner. */
  read(): Promise<object>;
  /** Brings back what `read` gave, or nothing: as when Redis restarts with an older file, or an empty one. */
  restore(snapshot?: Awaited<ReturnType<OwnCorner['read']>>): Promise<void>;
}

interface Snapshot {
  positions: { topic: Topic; position: string | null }[];
  movies: { id: string; views: string | null; scores: { set: string; score: string | null }[] }[];
  posts: { id: string; views: string | null; likes: string[]; isDeleted: number }[];
  blocks: { id: string; versions: string[] }[];
  seen: string[];
}

/** Opens a corner, of the Redis that all share or of another; it is swept at the end. */
export function openCorner(settings: Settings['redis'] = readSettings().redis): OwnCorner {
  const store = openRedis(settings);
  const topics = ['watch_events', 'social_events', 'post_events'] as const;
  const partition = randomInt(1_000_000, 2 ** 31);
  const movies = new Set<string>();
  const posts = new Set<string>();
  const users = new Set<string>();
  const eventIds = new Set<string>();

  const read = (): Promise<Snapshot> =>
    store.call('test', async (redis) => ({
      positions: await Promise.all(
        topics.map(async (topic) => ({ topic, position: await redis.hget(keys.positions(topic), String(partition)) })),
      ),
      movies: await Promise.all(
        [...movies].map(async (id) => ({
          id,
          views: await redis.get(keys.views(id)),
          scores: await Promise.all([...movieSets()].map(async (set) => ({ set, score: await redis.zscore(set, id) }))),
        })),
      ),
      posts: await Promise.all(
        [...posts].map(async (id) => ({
          id,
          views: await redis.get(keys.postViews(id)),
          likes: await redis.zrange(keys.postLikes(id), '0', '-1', 'WITHSCORES'),
          isDeleted: await redis.sismember(keys.deletedPosts, id),
        })),
      ),
      blocks: await Promise.all(
        [...users].map(async (id) => ({ id, versions: await redis.zrange(keys.blocks(id), '0', '-1', 'WITHSCORES') })),
      ),
      seen: (
        await Promise.all([...eventIds].map(async (id) => [id, await redis.sismember(seenKey(id), id)] as const))
      ).flatMap(([id, isSeen]) => (isSeen ? [id] : [])),
    }));

  const restore = (snapshot: Snapshot = { positions: [], movies: [], posts: [], blocks: [], seen: [] }) =>
    store.call('test', async (redis) => {
      const transaction = redis.multi();
      for (const topic of topics) transaction.hdel(keys.positions(topic), String(partition));
      for (const id of movies) {
        transaction.del(keys.views(id));
        for (const set of movieSets()) transaction.zrem(set, id);
      }
      for (const id of posts) transaction.del(keys.postViews(id), keys.postLikes(id)).srem(keys.deletedPosts, id);
      for (const id of users) transaction.del(keys.blocks(id));
      for (const id of eventIds) transaction.srem(seenKey(id), id);
      for (const { topic, position } of snapshot.positions) {
        if (position !== null) transaction.hset(keys.positions(topic), String(partition), position);
      }
      for (const { id, views, scores } of snapshot.movies) {
        if (views !== null) transaction.set(keys.views(id), views);
        for (const { set, score } of scores) if (score !== null) transaction.zadd(set, score, id);
      }
      for (const { id, views, likes, isDeleted } of snapshot.posts) {
        if (views !== null) transaction.set(keys.postViews(id), views);
        for (const [member, version] of pairs(likes)) transaction.zadd(keys.postLikes(id), version, member);
        if (isDeleted) transaction.sadd(keys.deletedPosts, id);
      }
      for (const { id, versions } of snapshot.blocks) {
        for (const [member, version] of pairs(versions)) transaction.zadd(keys.blocks(id), version, member);
      }
      for (const id of snapshot.seen) transaction.sadd(seenKey(id), id);
      await transaction.exec();
    });

  const eventOf = <T extends EventType>(type: T, data: EventData<T>, recordedAt = new Date()) => {
    const id = v7({ msecs: recordedAt.getTime() });
    eventIds.add(id);
    return {
      ...{ specversion: '1.0' as const, id, source: '/streamshop/kafka' as const, type, subject: 'test' },
      ...{ time: recordedAt.toISOString(), version: 1, actor: null, data },
    };
  };

  return {
    store,
    read,
    restore: (snapshot) => restore(snapshot as Snapshot | undefined),
    movie() {
      const id = `m-${randomUUID()}`;
      movies.add(id);
      return id;
    },
    post() {
      const id = `p-${randomUUID()}`;
      posts.add(id);
      return id;
    },
    play(movieId, { action = 'PLAY', recordedAt = new Date(), watchedAt = recordedAt } = {}) {
      const at = watchedAt.toISOString();
      const playback = { lastWatchedAt: at, previousWatchedAt: null, positionSeconds: 0, completed: false };
      const data = { userId: 'u1', movieId, action, watchedAt: at, positionSeconds: 0, durationSeconds: 0, playback };
      return eventOf('watch.recorded', { ...data, device: 'TV', quality: 'HD' }, recordedAt);
    },
    view: (postId, { recordedAt = new Date() } = {}) =>
      eventOf('post.viewed', { postId, userId: 'u1', viewedAt: recordedAt.toISOString() }, recordedAt),
    like: (targetId, userId, { likes, version }) => ({
      ...eventOf('like.changed', { kind: 'POST', targetId, userId, likes, changedAt: new Date().toISOString() }),
      version,
    }),
    user() {
      const id = `u-${randomUUID()}`;
      users.add(id);
      return id;
    },
    block: (blockerId, blockedId, { blocks, version }) => ({
      ...eventOf('block.changed', { blockerId, blockedId, blocks, changedAt: new Date().toISOString() }),
      version,
    }),
    deletion: (postId) =>
      eventOf('post.deleted', { postId, authorId: 'u1', movieId: null, deletedAt: new Date().toISOString() }),
    batch: (firstOffset, events, topic = events[0] ? eventTypes[events[0].type].topic : 'watch_events') => ({
      topic,
      partition,
      firstOffset: BigInt(firstOffset),
      nextOffset: BigInt(firstOffset + events.length),
      events,
    }),
    views: (movieId) => store.call('test', async (redis) => Number(await redis.get(keys.views(movieId)))),
    async [Symbol.asyncDispose]() {
      await restore();
      await store.close();
    },
  };
}

/** The room and a corner on a database of their own, emptied at the end: what goes by the calendar is then the test's alone. */
export async function openOwnDatabase(): Promise<AsyncDisposable & { corner: OwnCorner; room: TestRoom }> {
  const settings = readSettings();
  const own = { ...settings.redis, url: new URL('/1', settings.redis.url).href };
  const corner = openCorner(own);
  const flush = () => corner.store.call('test', (redis) => redis.flushdb());
  // ioredis goes on with the first database where the server does not have the one that the URL names.
  expect(await corner.store.call('test', (redis) => redis.client('INFO'))).toMatch(/ db=1 /);
  await flush();
  const room = await openTestRoom({
    ...redis,
    open: (services) =>
      redis.open?.({ ...services, settings: { ...settings, redis: own } }) as ReturnType<
        NonNullable<typeof redis.open>
      >,
  });
  return {
    corner,
    room,
    async [Symbol.asyncDispose]() {
      await flush();
      await room[Symbol.asyncDispose]();
      await corner.store.close();
    },
  };
}

/** The sorted sets of movies that may have one of a corner: leaderboards of this and the last few days, and `trending`. */
const movieSets = (): Set<string> => {
  const today = dayOf(Date.now());
  const passing = [today - 2, today - 1, today].flatMap(leaderboardsOf).map(({ key }) => key);
  return new Set([keys.leaderboard, keys.trending, ...passing]);
};

/** What WITHSCORES gives, as pairs of member and score. */
const pairs = (flat: readonly string[]): [member: string, score: string][] =>
  flat.flatMap((member, index) => (index % 2 === 0 ? [[member, flat[index + 1] ?? '']] : []));

export const daysAgo = (days: number) => new Date(Date.now() - days * dayMs);

/** Every order of a few events. */
export function orders<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, index) => orders(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));
}

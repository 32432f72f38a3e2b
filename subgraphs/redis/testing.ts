import { randomInt, randomUUID } from 'node:crypto';
import { v7 } from 'uuid';
import { readSettings } from '../../config.ts';
import type { SinkBatch } from '../../fanout/sink.ts';
import {
  type EventData,
  type EventType,
  eventTypes,
  type StreamEvent,
  type StreamEventOf,
  type Topic,
} from '../../schema/events/index.ts';
import { keys } from './keys.ts';
import { seenKey } from './seen.ts';
import { openRedis, type RedisStore } from './store.ts';

interface PlayOptions {
  action?: 'PLAY' | 'STOP';
  watchedAt?: Date;
  /** When its event was made; the id tells it. */
  recordedAt?: Date;
}

interface EdgeState {
  likes: boolean;
  version: number;
}

/** A part of the shared Redis that is one test's alone: movies, posts and a partition that nobody else has. */
export interface OwnCorner extends AsyncDisposable {
  store: RedisStore;
  /** The id of a new movie. */
  movie(): string;
  play(movieId: string, options?: PlayOptions): StreamEventOf<'watch.recorded'>;
  /** The id of a new post. */
  post(): string;
  view(postId: string, options?: Pick<PlayOptions, 'recordedAt'>): StreamEventOf<'post.viewed'>;
  like(postId: string, userId: string, state: EdgeState): StreamEventOf<'like.changed'>;
  deletion(postId: string): StreamEventOf<'post.deleted'>;
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
  movies: { id: string; views: string | null; leaderboard: string | null; trending: string | null }[];
  posts: { id: string; views: string | null; likes: string[]; isDeleted: number }[];
  seen: string[];
}

/** Opens a corner; it is swept at the end. */
export function openCorner(): OwnCorner {
  const store = openRedis(readSettings().redis);
  const topics = ['watch_events', 'social_events', 'post_events'] as const;
  const partition = randomInt(1_000_000, 2 ** 31);
  const movies = new Set<string>();
  const posts = new Set<string>();
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
          leaderboard: await redis.zscore(keys.leaderboard, id),
          trending: await redis.zscore(keys.trending, id),
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
      seen: (
        await Promise.all([...eventIds].map(async (id) => [id, await redis.sismember(seenKey(id), id)] as const))
      ).flatMap(([id, isSeen]) => (isSeen ? [id] : [])),
    }));

  const restore = (snapshot: Snapshot = { positions: [], movies: [], posts: [], seen: [] }) =>
    store.call('test', async (redis) => {
      const transaction = redis.multi();
      for (const topic of topics) transaction.hdel(keys.positions(topic), String(partition));
      for (const id of movies) {
        transaction.del(keys.views(id)).zrem(keys.leaderboard, id).zrem(keys.trending, id);
      }
      for (const id of posts) transaction.del(keys.postViews(id), keys.postLikes(id)).srem(keys.deletedPosts, id);
      for (const id of eventIds) transaction.srem(seenKey(id), id);
      for (const { topic, position } of snapshot.positions) {
        if (position !== null) transaction.hset(keys.positions(topic), String(partition), position);
      }
      for (const { id, views, leaderboard, trending } of snapshot.movies) {
        if (views !== null) transaction.set(keys.views(id), views);
        if (leaderboard !== null) transaction.zadd(keys.leaderboard, leaderboard, id);
        if (trending !== null) transaction.zadd(keys.trending, trending, id);
      }
      for (const { id, views, likes, isDeleted } of snapshot.posts) {
        if (views !== null) transaction.set(keys.postViews(id), views);
        for (let i = 0; i < likes.length; i += 2)
          transaction.zadd(keys.postLikes(id), likes[i + 1] ?? '', likes[i] ?? '');
        if (isDeleted) transaction.sadd(keys.deletedPosts, id);
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

export const daysAgo = (days: number) => new Date(Date.now() - days * 24 * 3_600_000);

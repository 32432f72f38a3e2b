import { randomInt, randomUUID } from 'node:crypto';
import { v7 } from 'uuid';
import { readSettings } from '../../config.ts';
import type { SinkBatch } from '../../fanout/sink.ts';
import type { StreamEventOf } from '../../schema/events/index.ts';
import { keys } from './keys.ts';
import { seenKey } from './seen.ts';
import { openRedis, type RedisStore } from './store.ts';

type WatchRecorded = StreamEventOf<'watch.recorded'>;

interface PlayOptions {
  action?: 'PLAY' | 'STOP';
  watchedAt?: Date;
  /** When its event was made; the id tells it. */
  recordedAt?: Date;
}

/** A part of the shared Redis that is one test's alone: movies and a partition that nobody else has. */
export interface OwnCorner extends AsyncDisposable {
  store: RedisStore;
  /** The id of a new movie. */
  movie(): string;
  play(movieId: string, options?: PlayOptions): WatchRecorded;
  /** The events as a batch of the own partition. */
  batch(firstOffset: number, events: readonly WatchRecorded[]): SinkBatch;
  views(movieId: string): Promise<number>;
  /** All that Redis knows of the corner. */
  read(): Promise<object>;
  /** Brings back what `read` gave, or nothing: as when Redis restarts with an older file, or an empty one. */
  restore(snapshot?: Awaited<ReturnType<OwnCorner['read']>>): Promise<void>;
}

interface Snapshot {
  position: string | null;
  movies: { id: string; views: string | null; leaderboard: string | null; trending: string | null }[];
  seen: string[];
}

/** Opens a corner; it is swept at the end. */
export function openCorner(): OwnCorner {
  const store = openRedis(readSettings().redis);
  const topic = 'watch_events';
  const partition = randomInt(1_000_000, 2 ** 31);
  const movies = new Set<string>();
  const eventIds = new Set<string>();

  const read = (): Promise<Snapshot> =>
    store.call('test', async (redis) => ({
      position: await redis.hget(keys.positions(topic), String(partition)),
      movies: await Promise.all(
        [...movies].map(async (id) => ({
          id,
          views: await redis.get(keys.views(id)),
          leaderboard: await redis.zscore(keys.leaderboard, id),
          trending: await redis.zscore(keys.trending, id),
        })),
      ),
      seen: (
        await Promise.all([...eventIds].map(async (id) => [id, await redis.sismember(seenKey(id), id)] as const))
      ).flatMap(([id, isSeen]) => (isSeen ? [id] : [])),
    }));

  const restore = (snapshot: Snapshot = { position: null, movies: [], seen: [] }) =>
    store.call('test', async (redis) => {
      const transaction = redis.multi().hdel(keys.positions(topic), String(partition));
      for (const id of movies) {
        transaction.del(keys.views(id)).zrem(keys.leaderboard, id).zrem(keys.trending, id);
      }
      for (const id of eventIds) transaction.srem(seenKey(id), id);
      if (snapshot.position !== null) transaction.hset(keys.positions(topic), String(partition), snapshot.position);
      for (const { id, views, leaderboard, trending } of snapshot.movies) {
        if (views !== null) transaction.set(keys.views(id), views);
        if (leaderboard !== null) transaction.zadd(keys.leaderboard, leaderboard, id);
        if (trending !== null) transaction.zadd(keys.trending, trending, id);
      }
      for (const id of snapshot.seen) transaction.sadd(seenKey(id), id);
      await transaction.exec();
    });

  return {
    store,
    read,
    restore: (snapshot) => restore(snapshot as Snapshot | undefined),
    movie() {
      const id = `m-${randomUUID()}`;
      movies.add(id);
      return id;
    },
    play(movieId, { action = 'PLAY', recordedAt = new Date(), watchedAt = recordedAt } = {}) {
      const id = v7({ msecs: recordedAt.getTime() });
      eventIds.add(id);
      return {
        specversion: '1.0',
        id,
        source: '/streamshop/postgres',
        type: 'watch.recorded',
        subject: `u1:${movieId}`,
        time: recordedAt.toISOString(),
        version: 1,
        actor: 'u1',
        data: {
          userId: 'u1',
          movieId,
          action,
          watchedAt: watchedAt.toISOString(),
          positionSeconds: 0,
          durationSeconds: 0,
          device: 'TV',
          quality: 'HD',
          playback: {
            lastWatchedAt: watchedAt.toISOString(),
            previousWatchedAt: null,
            positionSeconds: 0,
            completed: false,
          },
        },
      };
    },
    batch: (firstOffset, events) => ({
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

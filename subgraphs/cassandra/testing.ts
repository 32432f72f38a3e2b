import { randomUUID } from 'node:crypto';
import { v7 } from 'uuid';
import { readSettings } from '../../config.ts';
import type { SinkBatch } from '../../fanout/sink.ts';
import { chunks, concurrently } from '../../gateway/batches.ts';
import type { EventData, EventType, StreamEvent, StreamEventOf } from '../../schema/events/index.ts';
import { bucketOf, buckets } from './feed/facts.ts';
import { type CassandraStore, openCassandra, type Statement } from './store.ts';

export type WatchRecorded = StreamEventOf<'watch.recorded'>;

/** Partitions of the shared tables that are one test's alone: users that nobody else has. */
export interface OwnCorner extends AsyncDisposable {
  store: CassandraStore;
  /** The id of a new user. */
  user(): string;
  /** What the tables hold of a user, in their order. */
  read(userId: string): Promise<{ activity: object[]; places: object[]; social: object[] }>;
}

/** Opens a corner on the migrated tables; it is swept at the end. */
export async function openCorner(): Promise<OwnCorner> {
  const store = openCassandra(readSettings().cassandra);
  await store.migrate();
  const users = new Set<string>();
  const ofWatches = ['user_activity_by_user', 'continue_watching_by_user'];
  const tables = [...ofWatches, 'social_activity_by_user'].map((table) => `${store.keyspace}.${table}`);
  return {
    store,
    user() {
      const id = `u-${randomUUID()}`;
      users.add(id);
      return id;
    },
    async read(userId) {
      const [activity = [], places = [], social = []] = await Promise.all(
        tables.map(async (table) => {
          const [rows = []] = await store.read(`SELECT * FROM ${table} WHERE user_id = ?`, [[userId]]);
          return rows.map((row) => Object.fromEntries(row.keys().map((key) => [key, String(row[key])])));
        }),
      );
      return { activity, places, social };
    },
    async [Symbol.asyncDispose]() {
      for (const table of ofWatches) {
        const query = `DELETE FROM ${store.keyspace}.${table} WHERE user_id = ?`;
        for (const id of users) await store.write([{ query, params: [id] }]);
      }
      await sweepSocial(store, users);
      await store.close();
    },
  };
}

/** Removes what the sink wrote of these users' follows and posts, of readers and of authors: `verify` knows nothing of them. */
export async function sweepSocial(store: CassandraStore, userIds: Iterable<string>): Promise<void> {
  const { keyspace } = store;
  await concurrently(8, userIds, async (id) => {
    const [followed = []] = await store.read(`SELECT author_id FROM ${keyspace}.following_by_user WHERE user_id = ?`, [
      [id],
    ]);
    const asFollower = `DELETE FROM ${keyspace}.followers_by_author WHERE author_id = ? AND bucket = ? AND follower_id = ?`;
    const followers = `DELETE FROM ${keyspace}.followers_by_author WHERE author_id = ? AND bucket = ?`;
    const statements: Statement[] = [
      ...followed.map(({ author_id }) => ({ query: asFollower, params: [author_id, bucketOf(id), id] })),
      ...buckets.map((bucket) => ({ query: followers, params: [id, bucket] })),
      { query: `DELETE FROM ${keyspace}.following_by_user WHERE user_id = ?`, params: [id] },
      { query: `DELETE FROM ${keyspace}.feed_by_user WHERE user_id = ?`, params: [id] },
      { query: `DELETE FROM ${keyspace}.posts_by_author WHERE author_id = ?`, params: [id] },
      { query: `DELETE FROM ${keyspace}.social_activity_by_user WHERE user_id = ?`, params: [id] },
      { query: `DELETE FROM ${keyspace}.merged_authors WHERE shard = 0 AND author_id = ?`, params: [id] },
    ];
    for (const some of chunks(statements, 30)) await store.write(some);
  });
}

/** One thing that a user does with a movie, as a test writes it. */
export interface Watched {
  movieId: string;
  watchedAt: Date;
  action?: EventData<'watch.recorded'>['action'];
  positionSeconds?: number;
  completed?: boolean;
}

/** The events that the source of truth makes of the deeds, in the order in which they are recorded. */
export function watchesOf(userId: string, deeds: readonly Watched[]): WatchRecorded[] {
  const playbacks = new Map<string, { version: number; data: WatchRecorded['data']['playback'] }>();
  return deeds.map(({ movieId, watchedAt, action = 'PAUSE', positionSeconds = 60, completed = false }) => {
    const before = playbacks.get(movieId);
    const at = watchedAt.toISOString();
    const last = before?.data.lastWatchedAt ?? null;
    // A late one changes nothing of where the user stands.
    const isLate = last !== null && at < last;
    const playback = {
      ...(isLate && before ? before.data : { lastWatchedAt: at, positionSeconds, completed }),
      previousWatchedAt: last,
    };
    const version = (before?.version ?? 0) + 1;
    playbacks.set(movieId, { version, data: playback });
    return {
      specversion: '1.0',
      id: v7(),
      source: '/streamshop/postgres',
      type: 'watch.recorded',
      subject: `${userId}:${movieId}`,
      time: new Date().toISOString(),
      version,
      actor: userId,
      data: {
        ...{ userId, movieId, action, watchedAt: at, positionSeconds, playback },
        ...{ durationSeconds: 30, device: 'TV', quality: 'HD' },
      },
    };
  });
}

/** An event of a type, as Kafka would bring it. */
export const eventOf = <T extends EventType>(type: T, data: EventData<T>, version = 1): StreamEventOf<T> => ({
  ...{ specversion: '1.0', id: v7(), source: '/streamshop/postgres', type, subject: 'test' },
  ...{ time: new Date().toISOString(), version, actor: null, data },
});

/** A batch of these events; Cassandra's sink looks neither at the topic nor at the offsets. */
export const batchOf = (events: readonly StreamEvent[]): SinkBatch => ({
  ...{ topic: 'watch_events', partition: 0, firstOffset: 0n, nextOffset: BigInt(events.length) },
  events,
});

export const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);

/** A source of chance that gives the same in every run (mulberry32). */
export function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

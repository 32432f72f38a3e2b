import { randomUUID } from 'node:crypto';
import { v7 } from 'uuid';
import { readSettings } from '../../config.ts';
import type { SinkBatch } from '../../fanout/sink.ts';
import type { EventData, EventType, StreamEvent, StreamEventOf } from '../../schema/events/index.ts';
import { type CassandraStore, openCassandra } from './store.ts';

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
  const tables = ['user_activity_by_user', 'continue_watching_by_user', 'social_activity_by_user'].map(
    (table) => `${store.keyspace}.${table}`,
  );
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
      for (const table of tables) {
        for (const id of users) await store.write([{ query: `DELETE FROM ${table} WHERE user_id = ?`, params: [id] }]);
      }
      await store.close();
    },
  };
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

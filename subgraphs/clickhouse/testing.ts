import { randomUUID } from 'node:crypto';
import { createClient } from '@clickhouse/client';
import { readSettings } from '../../config.ts';
import { openTestRoom, type TestRoom } from '../../gateway/testing.ts';
import type { EventData, EventType, StreamEvent, StreamEventOf } from '../../schema/events/index.ts';
import { clickhouse } from './index.ts';
import type { ClickHouseStore } from './store.ts';

interface OwnDatabase extends TestRoom {
  store: ClickHouseStore;
  /** Runs a statement without rows. */
  command(statement: string): Promise<void>;
}

/** The room on a database of its own, dropped at the end, so that totals and rankings are the test's alone. */
export async function openOwnDatabase(): Promise<OwnDatabase> {
  const settings = readSettings();
  const database = `test_${randomUUID().replaceAll('-', '')}`;
  const room = await openTestRoom({
    ...clickhouse,
    open: (services) => {
      const own = { ...settings, clickhouse: { ...settings.clickhouse, database } };
      return clickhouse.open?.({ ...services, settings: own }) as ReturnType<NonNullable<typeof clickhouse.open>>;
    },
  });
  const client = createClient({ url: settings.clickhouse.url, database });
  const command = async (query: string) => void (await client.command({ query }));
  return {
    ...room,
    command,
    store: room.open.store as ClickHouseStore,
    async [Symbol.asyncDispose]() {
      await room[Symbol.asyncDispose]();
      await command(`DROP DATABASE ${database}`);
      await client.close();
    },
  };
}

type WatchRecorded = StreamEventOf<'watch.recorded'>;

/** A watch as Kafka would bring it. */
export function watch(data: Partial<EventData<'watch.recorded'>>): WatchRecorded {
  const userId = data.userId ?? 'u1';
  const movieId = data.movieId ?? 'm1';
  const watchedAt = data.watchedAt ?? new Date().toISOString();
  return {
    specversion: '1.0',
    id: randomUUID(),
    source: '/streamshop/postgres',
    type: 'watch.recorded',
    subject: `${userId}:${movieId}`,
    time: new Date().toISOString(),
    version: 1,
    actor: userId,
    data: {
      userId,
      movieId,
      action: 'PLAY',
      watchedAt,
      positionSeconds: 0,
      durationSeconds: 60,
      device: 'TV',
      quality: 'HD',
      playback: { lastWatchedAt: watchedAt, previousWatchedAt: null, positionSeconds: 0, completed: false },
      ...data,
    },
  };
}

/** An event of a type, as Kafka would bring it. */
export const eventOf = <T extends EventType>(type: T, data: EventData<T>, version = 1): StreamEventOf<T> => ({
  ...{ specversion: '1.0', id: randomUUID(), source: '/streamshop/postgres', type, subject: 'test' },
  ...{ time: new Date().toISOString(), version, actor: null, data },
});

/** A post that somebody wrote. */
export const written = (postId: string, authorId: string): StreamEventOf<'post.changed'> => {
  const about = { movieId: null, title: 'Title', body: 'Body', attachments: [], tags: [] };
  return eventOf('post.changed', { postId, authorId, ...about, createdAt: minutesAgo(1), editedAt: null });
};

/** A batch of these events, as the consumer cuts it; ClickHouse's sink looks neither at the topic nor at the offsets. */
export const batchOf = (events: readonly StreamEvent[]) => ({
  topic: 'watch_events' as const,
  partition: 0,
  firstOffset: 0n,
  nextOffset: BigInt(events.length),
  events,
});

export const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

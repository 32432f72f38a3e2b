import type { Sink } from '../../fanout/sink.ts';
import { chunks, concurrently } from '../../gateway/batches.ts';
import type { StreamEvent, StreamEventOf } from '../../schema/events/index.ts';
import { retentionDays } from './migrations.ts';
import type { CassandraStore, Statement } from './store.ts';
import { verify } from './verify.ts';

/** Keeps a batch below Cassandra's `batch_size_warn_threshold` of 5 KiB: an event is about 250 bytes in both tables. */
const eventsPerBatch = 15;
/** Batches under way at a time: enough to share one fsync of the commit log, few enough for a small node. */
const concurrency = 32;

/** Writes by key, each write with a timestamp that the event decides: so any order and any repetition end alike. */
export function cassandraSink(store: CassandraStore): Sink {
  const statementsOf = statements(store.keyspace);
  return {
    async apply({ events }) {
      // All rows of a user have the same partition key, in both tables.
      const users = Map.groupBy(events.filter(isWatch), ({ data }) => data.userId);
      const batches = [...users.values()].flatMap((watches) => [...chunks(watches, eventsPerBatch)]);
      await concurrently(concurrency, batches, async (watches) => {
        const statements = watches.flatMap(statementsOf);
        if (statements.length > 0) await store.write(statements);
      });
    },
    probe: () =>
      store.write([
        { query: `INSERT INTO ${store.keyspace}.sink_probe (id, probed_at) VALUES ('probe', ?)`, params: [new Date()] },
      ]),
    verify: (source) => verify(store, source),
  };
}

type WatchRecorded = StreamEventOf<'watch.recorded'>;

const isWatch = (event: StreamEvent): event is WatchRecorded => event.type === 'watch.recorded';

/** The writes of one watch. */
const statements =
  (keyspace: string) =>
  (event: WatchRecorded): Statement[] => [...activity(keyspace, event), ...continueWatching(keyspace, event)];

/**
 * One row of the history. It expires so long after it happened, and it is dated then: a late import or a replay expires
 * with its contemporaries, and compaction finds it in their time window.
 */
function activity(keyspace: string, { id, data }: WatchRecorded): Statement[] {
  const watchedAtMs = Date.parse(data.watchedAt);
  const ttlSeconds = Math.ceil((watchedAtMs - Date.now()) / 1_000) + retentionDays * 24 * 3_600;
  if (ttlSeconds <= 0) return [];
  return [
    {
      query: `INSERT INTO ${keyspace}.user_activity_by_user
  (user_id, activity_time, event_id, action, movie_id, position_seconds, duration_seconds, device, quality)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
USING TIMESTAMP ? AND TTL ?`,
      params: [
        ...[data.userId, watchedAtMs, id, data.action, data.movieId, data.positionSeconds, data.durationSeconds],
        ...[data.device, data.quality, BigInt(watchedAtMs) * 1_000n, ttlSeconds],
      ],
    },
  ];
}

/**
 * The movie's row moves to where it was last watched. Cassandra keeps of two writes the one with the higher timestamp,
 * whichever comes first; so the playback's version serves as the timestamp. Version v writes its own row at 2v + 1, and
 * removes the row before at 2v: that is above what any earlier version wrote there, and at no row do two writes meet with
 * the same timestamp.
 */
function continueWatching(keyspace: string, { version, data }: WatchRecorded): Statement[] {
  const { lastWatchedAt, previousWatchedAt, positionSeconds, completed } = data.playback;
  const place = [data.userId, Date.parse(lastWatchedAt), data.movieId];
  const before = previousWatchedAt === null ? null : Date.parse(previousWatchedAt);
  const deletion = `DELETE FROM ${keyspace}.continue_watching_by_user
USING TIMESTAMP ?
WHERE user_id = ? AND last_watched_at = ? AND movie_id = ?`;
  const insertion = `INSERT INTO ${keyspace}.continue_watching_by_user
  (user_id, last_watched_at, movie_id, position_seconds)
VALUES (?, ?, ?, ?)
USING TIMESTAMP ?`;
  const [removing, placing] = [2n * BigInt(version), 2n * BigInt(version) + 1n];
  return [
    ...(before === null || before === place[1]
      ? []
      : [{ query: deletion, params: [removing, data.userId, before, data.movieId] }]),
    completed
      ? { query: deletion, params: [placing, ...place] }
      : { query: insertion, params: [...place, positionSeconds, placing] },
  ];
}

import { chunks } from '../../gateway/batches.ts';
import type { QuestDbStore } from './store.ts';

export interface MovieSpan {
  /** The movie. */
  id: string;
  lastMinutes: number;
}

export interface QualityBucket {
  startsAt: Date;
  bucketSeconds: number;
  reports: number;
  bufferingCountAverage: number;
  averageBitrateKbps: number;
}

/** Up to a day is read from the reports themselves; a longer span from the hourly view, which has fewer rows. */
export const longestPerMinute = 24 * 60;

/** Every id is a parameter of its own, of which the wire protocol counts 65,535. */
const idsPerStatement = 1_000;

/** Playback quality over the last minutes, per minute or hour, oldest first; keys with the same span share a statement. */
export async function playbackQuality(store: QuestDbStore, keys: readonly MovieSpan[]): Promise<QualityBucket[][]> {
  const now = Date.now();
  const answers = new Map<MovieSpan, QualityBucket[]>();
  const groups = [...Map.groupBy(keys, ({ lastMinutes }) => lastMinutes)].flatMap(([lastMinutes, alike]) =>
    [...chunks(alike, idsPerStatement)].map((group) => ({ lastMinutes, group })),
  );
  await Promise.all(
    groups.map(async ({ lastMinutes, group }) => {
      const bucketSeconds = lastMinutes <= longestPerMinute ? 60 : 3_600;
      const ids = group.map(({ id }) => id);
      const since = firstBucket(now, lastMinutes, bucketSeconds).toISOString();
      const rows = await (bucketSeconds === 60 ? perMinute : perHour)(store, ids, since);
      const movies = Map.groupBy(rows, ({ movie_id }) => movie_id);
      for (const key of group) answers.set(key, (movies.get(key.id) ?? []).map(bucketOf(bucketSeconds)));
    }),
  );
  return keys.map((key) => answers.get(key) ?? []);
}

/** When the first of the buckets begins that lie in the last minutes, the current bucket included. */
function firstBucket(now: number, lastMinutes: number, bucketSeconds: number): Date {
  const bucketMs = bucketSeconds * 1_000;
  const buckets = Math.ceil((lastMinutes * 60) / bucketSeconds);
  return new Date((Math.floor(now / bucketMs) - buckets + 1) * bucketMs);
}

interface BucketRow {
  movie_id: string;
  time: Date;
  reports: number;
  buffering: number;
  bitrate: number;
}

const bucketOf =
  (bucketSeconds: number) =>
  ({ time, reports, buffering, bitrate }: BucketRow): QualityBucket => ({
    startsAt: time,
    bucketSeconds,
    reports,
    bufferingCountAverage: buffering,
    averageBitrateKbps: bitrate,
  });

/** The time bounds the partitions that are read; within them the rows stand in its order. */
const perMinute = (store: QuestDbStore, movieIds: readonly string[], since: string) =>
  store.select<BucketRow>(
    `SELECT time, movie_id, count() AS reports,
  avg(buffering_count) AS buffering, avg(average_bitrate_kbps) AS bitrate
FROM ${store.tables.metrics}
WHERE movie_id IN (${placeholders(movieIds)}) AND time >= $1
SAMPLE BY 1m ALIGN TO CALENDAR
ORDER BY time`,
    [since, ...movieIds],
  );

/** One row a movie and hour is there already; sums and counts give the average that the reports themselves would. */
const perHour = (store: QuestDbStore, movieIds: readonly string[], since: string) =>
  store.select<BucketRow>(
    `SELECT time, movie_id, reports,
  buffering_count_sum / reports::double AS buffering, average_bitrate_kbps_sum / reports::double AS bitrate
FROM ${store.tables.hourly}
WHERE movie_id IN (${placeholders(movieIds)}) AND time >= $1
ORDER BY time`,
    [since, ...movieIds],
  );

const placeholders = (ids: readonly string[]) => ids.map((_, index) => `$${index + 2}`).join(', ');

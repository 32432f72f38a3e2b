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

/** Up to six hours are read from the reports themselves; a longer span from the hourly view, which has fewer rows. */
const longestPerMinute = 6 * 60;

/** Every id is a parameter of its own, of which the wire protocol counts 65,535. */
const idsPerStatement = 1_000;

/**
 * Playback quality over the last minutes, per minute or hour, oldest first. Minutes are one statement and hours another,
 * whatever the spans: each reads the longest one, of which every key gets its own part.
 */
export async function playbackQuality(store: QuestDbStore, keys: readonly MovieSpan[]): Promise<QualityBucket[][]> {
  const now = Date.now();
  const answers = new Map<MovieSpan, QualityBucket[]>();
  const kinds = Map.groupBy(keys, ({ lastMinutes }) => (lastMinutes <= longestPerMinute ? 60 : 3_600));
  await Promise.all(
    [...kinds].map(async ([bucketSeconds, alike]) => {
      const since = (lastMinutes: number) => firstBucket(now, lastMinutes, bucketSeconds);
      const longest = since(Math.max(...alike.map(({ lastMinutes }) => lastMinutes)));
      const movies = await bucketsOfMovies(store, { bucketSeconds, ids: alike.map(({ id }) => id), since: longest });
      for (const key of alike) {
        const first = since(key.lastMinutes);
        answers.set(key, movies.get(key.id)?.filter(({ startsAt }) => startsAt >= first) ?? []);
      }
    }),
  );
  return keys.map((key) => answers.get(key) ?? []);
}

/** The buckets of each movie that has any, oldest first. */
async function bucketsOfMovies(
  store: QuestDbStore,
  { bucketSeconds, ids, since }: { bucketSeconds: number; ids: readonly string[]; since: Date },
): Promise<Map<string, QualityBucket[]>> {
  const read = bucketSeconds === 60 ? perMinute : perHour;
  const movies = new Map<string, QualityBucket[]>();
  for (const chunk of chunks(new Set(ids), idsPerStatement)) {
    const rows = await read(store, chunk, since.toISOString());
    for (const [id, ofOne] of Map.groupBy(rows, ({ movie_id }) => movie_id)) {
      movies.set(id, ofOne.map(bucketOf(bucketSeconds)));
    }
  }
  return movies;
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
WHERE movie_id IN ($2, …) AND time >= $1
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
WHERE movie_id IN ($2, …) AND time >= $1
ORDER BY time`,
    [since, ...movieIds],
  );

import type { StreamEventOf } from '../../schema/events/index.ts';
import { retentionDays } from './migrations.ts';
import type { QuestDbStore } from './store.ts';

export type PlaybackReported = StreamEventOf<'playback.reported'>;

/** A row of the table. */
export interface Report {
  eventId: string;
  time: Date;
  movieId: string;
  userId: string;
  region: string;
  cdnNode: string;
  bufferingCount: number;
  averageBitrateKbps: number;
}

const dayMs = 24 * 3_600_000;

/** From when on reports are kept. Partitions go whole, a day at a time, once all of the day is older. */
export const keptSince = () => new Date(Date.now() - retentionDays * dayMs);

/** A player's clock may be fast by an hour. A report from later waits as a dead letter until its time has come. */
export const keptUntil = () => new Date(Date.now() + 3_600_000);

/**
 * What the table should hold after these events, in any order: one report for each user, movie and instant, and of several
 * that with the highest event id, which is the one made last.
 */
export function newestReports(events: readonly PlaybackReported[]): Map<string, Report> {
  const newest = new Map<string, Report>();
  for (const event of events) addNewest(newest, reportOf(event));
  return newest;
}

/** Keeps the newer one of two reports with the same keys. */
export function addNewest(reports: Map<string, Report>, report: Report): void {
  const key = keyOf(report);
  const known = reports.get(key);
  if (!known || known.eventId < report.eventId) reports.set(key, report);
}

export const reportOf = ({ id, data }: PlaybackReported): Report => ({
  eventId: id.toLowerCase(),
  // To the millisecond: two reports within one are the same stretch.
  time: new Date(data.measuredAt),
  movieId: data.movieId,
  userId: data.userId,
  region: data.region,
  cdnNode: data.cdnNode,
  bufferingCount: data.bufferingCount,
  averageBitrateKbps: data.averageBitrateKbps,
});

/** The values of the table's DEDUP keys. */
export const keyOf = ({ time, movieId, userId }: Pick<Report, 'time' | 'movieId' | 'userId'>) =>
  JSON.stringify([time.getTime(), movieId, userId]);

/** The ids of the events that stand in the table at the keys of these reports. */
export async function storedEventIds(store: QuestDbStore, reports: readonly Report[]): Promise<Map<string, string>> {
  if (reports.length === 0) return new Map();
  const times = [...new Set(reports.map(({ time }) => time.toISOString()))];
  // Only of literals does QuestDB know beforehand which partitions, and which places in them, to read.
  const rows = await store.selectWithLiterals<Pick<Report, 'time' | 'movieId' | 'userId' | 'eventId'>>(
    `SELECT time, movie_id AS "movieId", user_id AS "userId", event_id AS "eventId"
FROM ${store.tables.metrics}
WHERE time IN ($1, …)`,
    times,
  );
  return new Map(rows.map((row) => [keyOf(row), row.eventId]));
}

/** Writes reports as one transaction; DEDUP replaces a row with the same keys. */
export const writeReports = (store: QuestDbStore, reports: readonly Report[]): Promise<void> =>
  store.write(store.tables.metrics, (rows) => {
    for (const report of reports) {
      rows
        .table(store.tables.metrics)
        .symbol('movie_id', report.movieId)
        .symbol('region', report.region)
        .symbol('cdn_node', report.cdnNode)
        .stringColumn('user_id', report.userId)
        .intColumn('buffering_count', report.bufferingCount)
        .intColumn('average_bitrate_kbps', report.averageBitrateKbps)
        .stringColumn('event_id', report.eventId)
        .at(report.time.getTime(), 'ms');
    }
  });

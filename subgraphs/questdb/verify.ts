import { someOfEach } from '../../fanout/differences.ts';
import type { Difference, Source } from '../../fanout/sink.ts';
import { addNewest, keptSince, keptUntil, keyOf, type Report, reportOf } from './reports.ts';
import type { QuestDbStore } from './store.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Compares every report that is kept, and the hours of the materialized view, with the source of truth. */
export async function verify(store: QuestDbStore, source: Source): Promise<Difference[]> {
  const differences = await compare(store, source);
  return someOfEach(differences, ({ what, expected, actual }) =>
    [what.split(' ')[0], expected === 'absent', actual === 'absent'].join(' '),
  );
}

/** Every difference. */
export async function compare(store: QuestDbStore, source: Source): Promise<Difference[]> {
  // A day of margin, because what expires during the check must not count; and whole days, of which the hours are whole.
  const since = new Date(Math.ceil(keptSince().getTime() / dayMs + 1) * dayMs);
  const until = keptUntil();
  const expected = new Map<string, Report>();
  for await (const events of source.playbackReports()) {
    for (const report of events.map(reportOf)) {
      if (report.time >= since && report.time <= until) addNewest(expected, report);
    }
  }
  const hours = hourly(expected.values());
  return [
    ...(await compareReports(store, expected, { since, until })),
    ...(await compareHours(store, hours, { since, until })),
  ];
}

interface Span {
  since: Date;
  until: Date;
}

/** Takes what it finds out of `expected`. */
async function compareReports(store: QuestDbStore, expected: Map<string, Report>, span: Span): Promise<Difference[]> {
  const differences: Difference[] = [];
  for await (const reports of storedReports(store, span)) {
    for (const report of reports) {
      const key = keyOf(report);
      const wanted = expected.get(key);
      expected.delete(key);
      const difference = { what: nameOf(report), expected: valuesOf(wanted), actual: valuesOf(report) };
      if (difference.expected !== difference.actual) differences.push(difference);
    }
  }
  for (const report of expected.values()) {
    differences.push({ what: nameOf(report), expected: valuesOf(report), actual: 'absent' });
  }
  return differences;
}

const nameOf = ({ userId, movieId, time }: Report) =>
  `report of user ${userId} on movie ${movieId} at ${time.toISOString()}`;
const valuesOf = (report: Report | undefined) =>
  report
    ? `event ${report.eventId}, ${report.bufferingCount} times buffering, ${report.averageBitrateKbps} kbps, ` +
      `region ${report.region}, CDN node ${report.cdnNode}`
    : 'absent';

/** The table's rows, a day's partition at a time. */
async function* storedReports(store: QuestDbStore, { since, until }: Span): AsyncGenerator<Report[]> {
  for (let day = since.getTime(); day <= until.getTime(); day += dayMs) {
    const before = Math.min(day + dayMs, until.getTime() + 1);
    yield await store.select<Report>(
      `SELECT event_id AS "eventId", time, movie_id AS "movieId", user_id AS "userId", region, cdn_node AS "cdnNode",
  buffering_count AS "bufferingCount", average_bitrate_kbps AS "averageBitrateKbps"
FROM ${store.tables.metrics}
WHERE time >= $1 AND time < $2`,
      [new Date(day).toISOString(), new Date(before).toISOString()],
    );
  }
}

interface Hour {
  movieId: string;
  time: Date;
  reports: number;
  bufferingCount: number;
  bitrateKbps: number;
}

const hourName = ({ movieId, time }: Pick<Hour, 'movieId' | 'time'>) =>
  `hour ${time.toISOString()} of movie ${movieId} in the hourly view`;
const sumsOf = (hour: Hour | undefined) =>
  hour ? `${hour.reports} reports, ${hour.bufferingCount} times buffering, ${hour.bitrateKbps} kbps in all` : 'absent';

/** What the materialized view should hold. */
function hourly(reports: Iterable<Report>): Map<string, Hour> {
  const hours = new Map<string, Hour>();
  for (const { movieId, time, bufferingCount, averageBitrateKbps } of reports) {
    const start = new Date(Math.floor(time.getTime() / hourMs) * hourMs);
    const name = hourName({ movieId, time: start });
    const hour = hours.get(name) ?? { movieId, time: start, reports: 0, bufferingCount: 0, bitrateKbps: 0 };
    hour.reports++;
    hour.bufferingCount += bufferingCount;
    hour.bitrateKbps += averageBitrateKbps;
    hours.set(name, hour);
  }
  return hours;
}

async function compareHours(store: QuestDbStore, expected: Map<string, Hour>, span: Span): Promise<Difference[]> {
  await store.refreshed(store.tables.hourly);
  const rows = await store.select<Hour>(
    `SELECT time, movie_id AS "movieId", reports, buffering_count_sum AS "bufferingCount",
  average_bitrate_kbps_sum AS "bitrateKbps"
FROM ${store.tables.hourly}
WHERE time >= $1 AND time <= $2`,
    [span.since.toISOString(), span.until.toISOString()],
  );
  const actual = new Map(rows.map((hour) => [hourName(hour), hour]));
  return [...new Set([...expected.keys(), ...actual.keys()])].flatMap((what) => {
    const difference = { what, expected: sumsOf(expected.get(what)), actual: sumsOf(actual.get(what)) };
    return difference.expected === difference.actual ? [] : [difference];
  });
}

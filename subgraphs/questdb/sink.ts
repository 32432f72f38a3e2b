import type { Sink } from '../../fanout/sink.ts';
import type { StreamEvent } from '../../schema/events/index.ts';
import { probeTable } from './migrations.ts';
import {
  keptSince,
  keptUntil,
  keyOf,
  newestReports,
  type PlaybackReported,
  type Report,
  storedEventIds,
  writeReports,
} from './reports.ts';
import type { QuestDbStore } from './store.ts';
import { verify } from './verify.ts';

/** So often is a batch written: once, and again where another writer of the same keys came in between. */
const mostWrites = 3;

/**
 * Writes what QuestDB does not show yet, until it shows it. DEDUP keeps one row for a user, movie and instant, the one that
 * was written last. So that any order ends alike, a report is not written over one with a higher event id: what stands
 * there is read first. A redelivered batch costs one read, and does not stir the materialized view.
 */
export function questdbSink(store: QuestDbStore): Sink {
  return {
    async apply({ events }) {
      const reports = [...newestReports(events.filter(isReport)).values()];
      for (let writes = 0; ; writes++) {
        const absent = await notShown(store, reports.filter(isKept));
        if (absent.length === 0) return;
        if (writes === mostWrites) throw new Error(`QuestDB took ${absent.length} reports and does not show them`);
        await writeReports(store, absent);
        await store.applied(store.tables.metrics);
      }
    },
    async probe() {
      await store.write(probeTable, (rows) => rows.table(probeTable).symbol('sink', 'questdb').at(startOfDay(), 'ms'));
      // A stuck writer fails every event alike, so it must not pass for a fault of theirs.
      await store.applied(store.tables.metrics);
    },
    verify: (source) => verify(store, source),
  };
}

const isReport = (event: StreamEvent): event is PlaybackReported => event.type === 'playback.reported';

/**
 * Whether a report belongs into the table: its partition has not expired.
 * @throws Error when it comes from the future
 */
function isKept({ time, eventId }: Report): boolean {
  if (time > keptUntil()) {
    throw new Error(`report ${eventId} was measured at ${time.toISOString()}, which is still to come`);
  }
  return time > keptSince();
}

/** Those that are not in the table, or in whose place an older one stands. */
async function notShown(store: QuestDbStore, reports: readonly Report[]): Promise<Report[]> {
  const stored = await storedEventIds(store, reports);
  return reports.filter((report) => (stored.get(keyOf(report)) ?? '') < report.eventId);
}

/** The same all day, so that DEDUP keeps one row. */
const startOfDay = () => new Date().setUTCHours(0, 0, 0, 0);

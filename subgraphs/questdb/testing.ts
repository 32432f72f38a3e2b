import { randomUUID } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { readSettings } from '../../config.ts';
import type { SinkBatch, Source } from '../../fanout/sink.ts';
import { joinSources } from '../../fanout/source.ts';
import type { EventData } from '../../schema/events/index.ts';
import type { PlaybackReported } from './reports.ts';
import { openQuestDb, type QuestDbStore } from './store.ts';

/** Tables of a test's own. */
export interface OwnCorner extends AsyncDisposable {
  store: QuestDbStore;
  movie(): string;
}

export async function openCorner(): Promise<OwnCorner> {
  const store = openOwnTables();
  await store.migrate();
  return { store, movie: () => `m-${randomUUID()}`, [Symbol.asyncDispose]: () => store.close() };
}

/** The shared QuestDB with tables of a test's own, which are dropped when it is closed: QuestDB deletes no rows. */
export function openOwnTables(settings = readSettings().questdb): QuestDbStore {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const store = openQuestDb(settings, { metrics: name, hourly: `${name}_hourly` });
  return {
    ...store,
    async close() {
      const drops = [`DROP MATERIALIZED VIEW IF EXISTS ${name}_hourly`, `DROP TABLE IF EXISTS ${name}`];
      // A server that a test has made to hang may not answer in time; a table too many does no harm.
      for (const statement of drops) await store.select(statement).catch(() => {});
      await store.close();
    },
  };
}

export const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);
export const daysAgo = (days: number) => minutesAgo(days * 24 * 60);

/** A report as Kafka would bring it. */
export function report(data: Partial<EventData<'playback.reported'>>): PlaybackReported {
  const [movieId, userId] = [data.movieId ?? 'm1', data.userId ?? 'u1'];
  return {
    specversion: '1.0',
    id: uuidv7(),
    source: '/streamshop/kafka',
    type: 'playback.reported',
    subject: movieId,
    time: new Date().toISOString(),
    version: 1,
    actor: userId,
    data: {
      movieId,
      userId,
      region: 'eu-west',
      cdnNode: 'eu-west-1',
      bufferingCount: 0,
      averageBitrateKbps: 5_000,
      measuredAt: new Date().toISOString(),
      ...data,
    },
  };
}

/** A batch of these events, as the consumer cuts it; this sink does not look at the offsets. */
export const batchOf = (events: readonly PlaybackReported[]): SinkBatch => ({
  topic: 'playback_metrics',
  partition: 0,
  firstOffset: 0n,
  nextOffset: BigInt(events.length),
  events,
});

/** A source of truth that knows these reports, in chunks of 100. */
export const sourceOf = (events: readonly PlaybackReported[]): Source =>
  joinSources([
    {
      async *playbackReports() {
        for (let start = 0; start < events.length; start += 100) yield events.slice(start, start + 100);
      },
    },
  ]);

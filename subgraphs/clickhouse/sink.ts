import { someOf } from '../../fanout/differences.ts';
import type { Difference, Sink, Source } from '../../fanout/sink.ts';
import type { StreamEvent, StreamEventOf } from '../../schema/events/index.ts';
import { retentionDays } from './migrations.ts';
import type { ClickHouseStore } from './store.ts';

/**
 * Writes watches, one INSERT a batch. A redelivered event is simply inserted again: whoever counts, counts distinct event
 * ids, and merges drop the copy some time later. So batches may be cut and ordered in any way.
 */
export function clickhouseSink(store: ClickHouseStore): Sink {
  return {
    async apply({ events }) {
      const rows = events.filter(isWatch).map(rowOf);
      if (rows.length > 0) await store.insert('movie_watch_events', rows);
    },
    probe: () => store.insert('sink_probe', [{ probed_at: new Date().toISOString() }]),
    verify: (source) => verify(store, source),
  };
}

type WatchRecorded = StreamEventOf<'watch.recorded'>;

const isWatch = (event: StreamEvent): event is WatchRecorded => event.type === 'watch.recorded';

const rowOf = ({ id, data }: WatchRecorded) => ({
  event_id: id,
  movie_id: data.movieId,
  user_id: data.userId,
  action: data.action,
  watched_at: data.watchedAt,
  position_seconds: data.positionSeconds,
  duration_seconds: data.durationSeconds,
  device: data.device,
  quality: data.quality,
});

/** Compares the ids of all watches, and the views of each movie as the materialized view has them. */
async function verify(store: ClickHouseStore, source: Source): Promise<Difference[]> {
  // Older ones may be expired already, or not yet. Whole hours, because the materialized view has no finer ones; a day of
  // margin, because what expires during the check must not count.
  const since = new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000 - (retentionDays - 1) * 24 * 3_600_000);
  const missing = new Set<string>();
  const views = new Map<string, number>();
  for await (const watches of source.watches()) {
    for (const { eventId, movieId, action, watchedAt } of watches) {
      if (watchedAt < since) continue;
      missing.add(eventId);
      if (action === 'PLAY') views.set(movieId, (views.get(movieId) ?? 0) + 1);
    }
  }
  const unknown: string[] = [];
  for await (const ids of eventIds(store, since)) {
    for (const id of ids) if (!missing.delete(id)) unknown.push(id);
  }
  const viewDifferences: Difference[] = [];
  const shown = await viewsByMovie(store, since);
  for (const movieId of new Set([...views.keys(), ...shown.keys()])) {
    const [expected, actual] = [views.get(movieId) ?? 0, shown.get(movieId) ?? 0];
    if (expected !== actual) {
      viewDifferences.push({ what: `views of movie ${movieId}`, expected: String(expected), actual: String(actual) });
    }
  }
  return [
    ...someOf([...missing].map((id) => ({ what: `watch event ${id}`, expected: 'present', actual: 'absent' }))),
    ...someOf(unknown.map((id) => ({ what: `watch event ${id}`, expected: 'absent', actual: 'present' }))),
    ...someOf(viewDifferences),
  ];
}

const idsPerPage = 50_000;

/** All distinct event ids, in pages that each answer well within the store's deadline. */
async function* eventIds(store: ClickHouseStore, since: Date): AsyncGenerator<string[]> {
  let after = '00000000-0000-0000-0000-000000000000';
  while (true) {
    const rows = await store.select<{ event_id: string }>(
      `SELECT DISTINCT event_id
FROM movie_watch_events
WHERE event_id > {after:UUID} AND watched_at >= {since:DateTime64(3, 'UTC')}
ORDER BY event_id
LIMIT {limit:UInt32}`,
      { after, since, limit: idsPerPage },
    );
    yield rows.map(({ event_id }) => event_id);
    const last = rows.at(-1);
    if (!last || rows.length < idsPerPage) return;
    after = last.event_id;
  }
}

async function viewsByMovie(store: ClickHouseStore, since: Date): Promise<Map<string, number>> {
  const rows = await store.select<{ movie_id: string; view_count: number }>(
    `SELECT movie_id, uniqExactMerge(views) AS view_count
FROM views_per_hour
WHERE hour >= {since:DateTime('UTC')}
GROUP BY movie_id`,
    { since },
  );
  return new Map(rows.map(({ movie_id, view_count }) => [movie_id, view_count]));
}

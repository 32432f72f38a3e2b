import { someOf } from '../../fanout/differences.ts';
import type { Difference, Source } from '../../fanout/sink.ts';
import { eventPages } from './pages.ts';
import type { ClickHouseStore } from './store.ts';

/** Compares the ids of all watches, and the views of each movie as the materialized view has them. */
export async function compareWatches(store: ClickHouseStore, source: Source, since: Date): Promise<Difference[]> {
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
  for await (const rows of eventPages(store, eventIds, since)) {
    for (const { event_id } of rows) if (!missing.delete(event_id)) unknown.push(event_id);
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

const eventIds = `SELECT DISTINCT event_id
FROM movie_watch_events
WHERE event_id > {after:UUID} AND watched_at >= {since:DateTime64(3, 'UTC')}
ORDER BY event_id
LIMIT {limit:UInt32}`;

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

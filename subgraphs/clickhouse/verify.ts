import type { Difference, Source } from '../../fanout/sink.ts';
import { certainlyKeptSince } from './rows.ts';
import type { ClickHouseStore } from './store.ts';
import { compareEngagement } from './verify-engagement.ts';
import { compareTrending } from './verify-trending.ts';
import { compareWatches } from './verify-watches.ts';

/**
 * Compares the events of each table by their ids, the counts that the materialized views make of them, and posts and likes as they
 * stand.
 */
export async function verify(store: ClickHouseStore, source: Source): Promise<Difference[]> {
  const since = certainlyKeptSince();
  return [
    ...(await compareWatches(store, source, since)),
    ...(await compareEngagement(store, source, since)),
    ...(await compareTrending(store, source)),
  ];
}

import type { ClickHouseStore } from './store.ts';

const rowsPerPage = 50_000;

/**
 * Rows with distinct event ids, in pages that each answer well within the store's deadline.
 * @param statement gives rows of events behind `{after:UUID}`, ordered by `event_id`, at most `{limit:UInt32}`, none from before
 * `{since:DateTime64(3, 'UTC')}`
 */
export async function* pagesOf<Row extends { event_id: string }>(
  store: ClickHouseStore,
  statement: string,
  since: Date,
): AsyncGenerator<Row[]> {
  let after = '00000000-0000-0000-0000-000000000000';
  while (true) {
    const rows = await store.select<Row>(statement, { after, since, limit: rowsPerPage });
    yield rows;
    const last = rows.at(-1);
    if (!last || rows.length < rowsPerPage) return;
    after = last.event_id;
  }
}

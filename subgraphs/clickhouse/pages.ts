import type { ClickHouseStore } from './store.ts';

const rowsPerPage = 50_000;

/** How rows are read in pages. */
export interface Paging<Row> {
  /** Values that are the same for every page. */
  params?: Record<string, unknown>;
  /** Values that the first page begins behind. */
  start: Record<string, unknown>;
  /** Values that the page behind a row begins behind. */
  behind(row: Row): Record<string, unknown>;
}

/**
 * Rows in pages that each answer well within the store's deadline.
 * @param statement gives rows behind the values of `start` or `behind`, in their order, at most `{limit:UInt32}`
 */
export async function* pagesOf<Row>(
  store: ClickHouseStore,
  statement: string,
  { params, start, behind }: Paging<Row>,
): AsyncGenerator<Row[]> {
  let after = start;
  while (true) {
    const rows = await store.select<Row>(statement, { ...params, ...after, limit: rowsPerPage });
    yield rows;
    const last = rows.at(-1);
    if (!last || rows.length < rowsPerPage) return;
    after = behind(last);
  }
}

/**
 * Rows with distinct event ids, in pages.
 * @param statement gives rows of events behind `{after:UUID}`, ordered by `event_id`, at most `{limit:UInt32}`, none from before
 * `{since:DateTime64(3, 'UTC')}`
 */
export const eventPages = <Row extends { event_id: string }>(
  store: ClickHouseStore,
  statement: string,
  since: Date,
): AsyncGenerator<Row[]> =>
  pagesOf<Row>(store, statement, {
    params: { since },
    start: { after: '00000000-0000-0000-0000-000000000000' },
    behind: ({ event_id }) => ({ after: event_id }),
  });

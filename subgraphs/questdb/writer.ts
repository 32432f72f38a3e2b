import { setTimeout as delay } from 'node:timers/promises';

/** Reads the rows of a statement. */
type Query = <Row>(statement: string, params: readonly string[]) => Promise<Row[]>;

/** First soon, since most writes are applied within some milliseconds; then ever more seldom. */
const pollMs = { first: 2, most: 100 };

/** Transactions that a table's write-ahead log has, and those that its writer has applied. */
export const writerState = 'SELECT writerTxn, sequencerTxn, suspended, errorMessage FROM wal_tables() WHERE name = $1';

interface WriterState {
  writerTxn: number;
  sequencerTxn: number;
  suspended: boolean;
  errorMessage: string;
}

/**
 * Waits until a table's writer has applied all that the write-ahead log holds now.
 * @throws Error when it is suspended
 */
export async function untilApplied(query: Query, table: string, signal: AbortSignal): Promise<void> {
  const read = async () => {
    const [state] = await query<WriterState>(writerState, [table]);
    if (!state) throw new Error(`QuestDB has no table ${table}`);
    if (state.suspended) throw new Error(`the writer of ${table} is suspended: ${state.errorMessage}`);
    return state;
  };
  const { sequencerTxn: written } = await read();
  await until(async () => (await read()).writerTxn >= written, signal);
}

/** The transactions of its table that a materialized view has taken in. */
export const viewState = `SELECT refresh_base_table_txn AS seen, base_table_txn AS applied, view_status AS status,
  invalidation_reason AS reason
FROM materialized_views() WHERE view_name = $1`;

export interface ViewState {
  seen: number;
  applied: number;
  status: string;
  reason: string | null;
}

/**
 * Waits until a materialized view shows what its table shows now.
 * @throws Error when it is invalid
 */
export async function untilRefreshed(query: Query, view: string, signal: AbortSignal): Promise<void> {
  const read = async () => {
    const [state] = await query<ViewState>(viewState, [view]);
    if (!state) throw new Error(`QuestDB has no materialized view ${view}`);
    if (state.status === 'invalid') throw new Error(`${view} is invalid: ${state.reason}`);
    return state;
  };
  const { applied } = await read();
  await until(async () => (await read()).seen >= applied, signal);
  // What it has taken in stands in a write-ahead log of its own first.
  await untilApplied(query, view, signal);
}

async function until(holds: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  for (let pauseMs = pollMs.first; !(await holds()); pauseMs = Math.min(pauseMs * 1.5, pollMs.most)) {
    await delay(pauseMs, undefined, { signal });
  }
}

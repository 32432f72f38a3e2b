import { setTimeout as delay } from 'node:timers/promises';
import { createBuffer, type SenderBuffer } from '@questdb/nodejs-client';
import { Pool } from 'pg';
import type { Settings } from '../../config.ts';
import { readCredentials } from '../../gateway/credentials.ts';
import type { Context, RoomStore } from '../../gateway/room.ts';
import { createSeam } from '../../gateway/seam.ts';
import { migrations, tables as ours, type Tables } from './migrations.ts';
import { isOutage, OutageError } from './outage.ts';
import { inPsqlOrCurl, type Lines, withEachPlaceholder, withLiterals, writeTo } from './shell.ts';
import { types } from './types.ts';
import { untilApplied, untilRefreshed, type ViewState, viewState, writerState } from './writer.ts';

/** What queries and the sink need of QuestDB. */
export interface QuestDbStore extends RoomStore {
  tables: Tables;
  /** The rows of a SELECT. Values stand as `$1`, `$2` … in the statement; `$2, …` stands for the second and all that follow. */
  select<Row>(statement: string, params?: Values): Promise<Row[]>;
  /** The same, with the values written into the statement: for those by which QuestDB decides beforehand what to read. */
  selectWithLiterals<Row>(statement: string, params: Values): Promise<Row[]>;
  /**
   * Writes rows as one transaction of one table: all of them or none. They are safe in the write-ahead log then, and
   * readable once `applied` says so.
   * @param fill adds the rows
   * @throws STORE_ERROR with QuestDB's own reason when it refuses a row
   */
  write(table: string, fill: (rows: SenderBuffer) => void): Promise<void>;
  /**
   * Waits until readers see everything that was written to the table before the call.
   * @throws STORE_ERROR when the table's writer is suspended, STORE_TIMEOUT when it takes too long
   */
  applied(table: string): Promise<void>;
  /**
   * Waits until a materialized view shows what its table shows at the call.
   * @throws STORE_ERROR when the view is invalid, STORE_TIMEOUT when it takes too long
   */
  refreshed(view: string): Promise<void>;
}

export type RoomContext = Context<QuestDbStore>;

type Values = readonly (string | number)[];

const poolSize = 4;
/** Rows of many days are sorted into as many partitions: a writer may need longer than a page may wait. */
const applyTimeoutMs = 30_000;
/** So much later than the seam does the client give a query up. */
const overdueMs = 500;
const closeTimeoutMs = 1_000;

/**
 * Opens the clients; the server need not be there: each statement that finds it connects.
 * @param tables others than the room's own; tests have theirs, since QuestDB deletes no rows
 */
export function openQuestDb({ url, ingestUrl, timeoutMs }: Settings['questdb'], tables: Tables = ours): QuestDbStore {
  const ingest = readCredentials('QUESTDB_INGEST_URL', ingestUrl);
  const writeUrl = new URL('/write?precision=n', ingest.url).href;
  const seam = createSeam({
    ...{ store: 'questdb', timeoutMs, isOutage },
    inShell: (statement, parameters) => inPsqlOrCurl({ statement, parameters }, writeUrl),
  });
  const pool = new Pool({
    connectionString: url,
    application_name: 'streamshop',
    max: poolSize,
    connectionTimeoutMillis: timeoutMs,
    keepAlive: true,
    types,
  });
  // Of a connection that breaks while it is idle; the next statement gets a new one.
  pool.on('error', () => {});

  const queryWithin =
    (budgetMs: number) =>
    async <Row>(text: string, params: Values = []) => {
      // The seam gives up first; then the pool throws the connection away, on which an answer may come yet.
      const query = { text, values: [...params], query_timeout: budgetMs + overdueMs };
      return (await pool.query(query)).rows as Row[];
    };

  const select: QuestDbStore['select'] = <Row>(text: string, params: Values = []) =>
    seam({ text, parameters: params, isRead: true }, (_, budgetMs) =>
      queryWithin(budgetMs)<Row>(withEachPlaceholder(text, params.length), params),
    );

  return {
    tables,
    select,
    selectWithLiterals: <Row>(text: string, params: Values) =>
      seam({ text, parameters: params, isRead: true }, (_, budgetMs) =>
        queryWithin(budgetMs)<Row>(withLiterals(text, params)),
      ),

    write: (table, fill) =>
      seam(writeTo(table), async (signal, _budgetMs, call) => {
        const rows = createBuffer({ protocol: 'http', protocol_version: '1', log: () => {} });
        fill(rows);
        // The client makes the lines, and Node sends them: the client's own transports either repeat a request for longer
        // than the sink may wait, or drop the reason with which QuestDB refuses one.
        const body = rows.toBufferNew();
        if (!body) return;
        call.parameters = { lines: body } satisfies Lines;
        const response = await fetch(writeUrl, { method: 'POST', headers: ingest.headers, body, signal });
        const answer = await response.text();
        if (response.ok) return;
        throw response.status < 500 ? new Error(`QuestDB refused a row: ${answer}`) : new OutageError(answer);
      }),

    applied: (table) =>
      seam({ text: writerState, parameters: [table], isRead: true, timeoutMs: applyTimeoutMs }, (signal, budgetMs) =>
        untilApplied(queryWithin(budgetMs), table, signal),
      ),
    refreshed: (view) =>
      seam({ text: viewState, parameters: [view], isRead: true, timeoutMs: applyTimeoutMs }, (signal, budgetMs) =>
        untilRefreshed(queryWithin(budgetMs), view, signal),
      ),

    async ping() {
      await select('SELECT 1');
    },
    async migrate() {
      const change = (text: string) =>
        seam({ text, timeoutMs: applyTimeoutMs }, (_, budgetMs) => queryWithin(budgetMs)(text));
      for (const statement of migrations(tables)) await change(statement);
      // A change of its table by hand, such as TRUNCATE, makes a view invalid; it is not refreshed any more then.
      const [view] = await select<ViewState>(viewState, [tables.hourly]);
      if (view?.status === 'invalid') await change(`REFRESH MATERIALIZED VIEW ${tables.hourly} FULL`);
    },
    async close() {
      // A server that hangs does not say goodbye.
      await Promise.race([pool.end(), delay(closeTimeoutMs, undefined, { ref: false })]);
    },
  };
}

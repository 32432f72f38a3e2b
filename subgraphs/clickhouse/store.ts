import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import type { Settings } from '../../config.ts';
import { isNetworkError } from '../../gateway/guard.ts';
import type { Context, RoomStore } from '../../gateway/room.ts';
import { createSeam } from '../../gateway/seam.ts';
import { migrations } from './migrations.ts';
import { type Insertion, inClickHouseClient } from './shell.ts';

/** What queries and the sink need of ClickHouse. */
export interface ClickHouseStore extends RoomStore {
  /** The rows of a SELECT. Values stand as `{name:Type}` in the statement and are never pasted into it. */
  select<Row>(statement: string, params?: Record<string, unknown>): Promise<Row[]>;
  /** Adds rows as one block; done when readers see them, in the table and in its materialized views. */
  insert(table: string, rows: readonly object[]): Promise<void>;
}

export type RoomContext = Context<ClickHouseStore>;

/** What the client sends, with the one of its settings that the rows need. */
const insertion = (table: string) =>
  `INSERT INTO ${table} SETTINGS date_time_input_format = 'best_effort' FORMAT JSONEachRow`;

/** The seam tells of every failure, with its cause: the client need not print them as well. */
const log = { level: ClickHouseLogLevel.OFF };

/** Opens the client; the server need not be there. It speaks HTTP, so there is nothing to reconnect. */
export function openClickHouse({ url, database, timeoutMs }: Settings['clickhouse']): ClickHouseStore {
  const seam = createSeam({ store: 'clickhouse', timeoutMs, isOutage: isNetworkError, inShell: inClickHouseClient });
  // The server, whichever databases it has; and our database, which migrate() makes.
  const server = createClient({ url, log });
  const client = createClient({
    url,
    database,
    log,
    clickhouse_settings: {
      // Numbers, not strings: no count here comes near 2^53.
      output_format_json_quote_64bit_integers: 0,
      // Takes ISO 8601 with its T and Z.
      date_time_input_format: 'best_effort',
    },
  });

  const select = <Row>(statement: string, params: Record<string, unknown> = {}) =>
    seam({ text: statement, parameters: params, isRead: true }, async (abort_signal) => {
      const rows = await client.query({ query: statement, query_params: params, format: 'JSONEachRow', abort_signal });
      return rows.json<Row>();
    });

  return {
    select,
    insert: (table, rows) =>
      seam({ text: insertion(table), parameters: { rows } satisfies Insertion }, async (abort_signal) => {
        await client.insert({
          table,
          values: rows,
          format: 'JSONEachRow',
          abort_signal,
          clickhouse_settings: {
            // Acknowledged means readable, so the server must not collect rows for later.
            async_insert: 0,
            // On replicated tables a repeated block would be skipped, also where its first try failed halfway, before
            // the materialized view had it.
            insert_deduplicate: 0,
          },
        });
      }),
    async ping() {
      await seam({ text: 'SELECT 1', isRead: true }, async (abort_signal) => {
        const rows = await server.query({ query: 'SELECT 1', abort_signal });
        await rows.text();
      });
    },
    async migrate() {
      const createDatabase = `CREATE DATABASE IF NOT EXISTS \`${database}\``;
      await seam(createDatabase, (abort_signal) => server.command({ query: createDatabase, abort_signal }));
      for (const query of migrations) await seam(query, (abort_signal) => client.command({ query, abort_signal }));
    },
    async close() {
      await Promise.all([server.close(), client.close()]);
    },
  };
}

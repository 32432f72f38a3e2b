import { Client, policies, type QueryOptions, types } from 'cassandra-driver';
import type { Settings } from '../../config.ts';
import { concurrently } from '../../gateway/batches.ts';
import type { Context, RoomStore } from '../../gateway/room.ts';
import { type Statement as Asked, createSeam } from '../../gateway/seam.ts';
import { migrations } from './migrations.ts';
import { inCqlsh } from './shell.ts';

export interface Statement {
  query: string;
  /** UUIDs are the driver's own `types.Uuid`: written out for cqlsh, they must be told from text. */
  params: unknown[];
}

/** What queries and the sink need of Cassandra. Statements name tables as `${store.keyspace}.table`. */
export interface CassandraStore extends RoomStore {
  keyspace: string;
  /**
   * Several reads, each of one partition, side by side, and each of no more rows than a page of the driver's, 5,000; UUIDs among
   * the values are the driver's own.
   */
  read(query: string, params: readonly unknown[][]): Promise<types.Row[][]>;
  /** Writes rows of one partition key: one mutation, which is there whole or not at all. */
  write(statements: readonly Statement[]): Promise<void>;
  /** Every row of a query, page by page: of a partition that may be long, or of all partitions in the order of their tokens. */
  scan(query: string, params?: readonly unknown[]): AsyncIterable<readonly types.Row[]>;
}

export type RoomContext = Context<CassandraStore>;

const reconnectAfterMs = 500;
/** A change of the schema takes seconds on a busy node. */
const ddlTimeoutMs = 30_000;
const rowsPerPage = 5_000;
/** Of one call: several at once, and those of sinks, must not fill a connection. */
const readsAtATime = 32;

/** Opens the client; the server need not be there: the first statement that finds it connects. */
export function openCassandra({
  contactPoint,
  datacenter,
  keyspace,
  timeoutMs,
}: Settings['cassandra']): CassandraStore {
  const seam = createSeam({ store: 'cassandra', timeoutMs, isOutage, inShell: inCqlsh });
  const client = new Client({
    contactPoints: [contactPoint],
    localDataCenter: datacenter,
    // This one is for what the driver itself asks when it connects; statements have their own, by the seam's deadline.
    socketOptions: { connectTimeout: timeoutMs, readTimeout: 2 * timeoutMs },
    policies: { reconnection: new policies.reconnection.ConstantReconnectionPolicy(reconnectAfterMs) },
    // One connection carries 2,048 requests at a time.
    pooling: { coreConnectionsPerHost: { 0: 1, 1: 1 } },
    queryOptions: {
      prepare: true,
      // Every statement here gives the same when it runs twice, so the driver may try another node.
      isIdempotent: true,
      // Whoever reads after a write has been acknowledged sees it: 2 + 2 > 3. On one node it is the one copy.
      consistency: types.consistencies.localQuorum,
    },
    encoding: { useBigIntAsLong: true },
  });

  return {
    keyspace,
    read: (query, params) =>
      seam(readOf(query, params), async (_, budgetMs) => {
        const results: types.Row[][] = [];
        await concurrently(Math.min(readsAtATime, params.length), params.entries(), async ([index, one]) => {
          const { rows } = await client.execute(query, one, within(budgetMs));
          results[index] = rows;
        });
        return results;
      }),
    async write(statements) {
      await seam(writeOf(statements), (_, budgetMs) =>
        client.batch([...statements], { logged: false, ...within(budgetMs) }),
      );
    },
    async *scan(query, params = []) {
      let pageState: string | undefined;
      do {
        const page = await seam(
          { text: query, parameters: params, isRead: true, rowsOf: rowsOfResult },
          (_, budgetMs) =>
            client.execute(query, [...params], { fetchSize: rowsPerPage, pageState, ...within(budgetMs) }),
        );
        yield page.rows;
        pageState = page.pageState ?? undefined;
      } while (pageState);
    },
    async ping() {
      const query = 'SELECT release_version FROM system.local';
      await seam({ text: query, isRead: true, rowsOf: rowsOfResult }, (_, budgetMs) =>
        client.execute(query, [], within(budgetMs)),
      );
    },
    async migrate() {
      for (const statement of migrations(keyspace)) {
        await seam({ text: statement, timeoutMs: ddlTimeoutMs }, (_, budgetMs) =>
          client.execute(statement, [], { prepare: false, ...within(budgetMs) }),
        );
      }
    },
    close: () => client.shutdown(),
  };
}

/** Reads of several partitions differ in their values alone: a list of values for each of them. */
const readOf = (text: string, params: readonly unknown[][]): Asked<types.Row[][]> => ({
  text,
  parameters: params.length === 1 ? (params[0] as unknown[]) : params,
  isRead: true,
  rowsOf: (partitions) => partitions.reduce((sum, rows) => sum + rows.length, 0),
});

/** However many rows a batch has, its text names each of its statements once. */
function writeOf(statements: readonly Statement[]): Asked {
  const distinct = [...new Set(statements.map(({ query }) => query))].sort();
  return { text: ['BEGIN UNLOGGED BATCH', ...distinct, 'APPLY BATCH'].join('\n'), parameters: { statements } };
}

const rowsOfResult = ({ rowLength }: types.ResultSet) => rowLength ?? 0;

/** The seam's deadline comes first; the driver's own is for a connection that never answers again. 0 would be for ever. */
const within = (budgetMs: number): QueryOptions => ({ readTimeout: Math.max(1, 2 * budgetMs) });

/** Nothing to be retried elsewhere, no connection, no answer; a refusal of the statement itself is a ResponseError. */
const outages = new Set(['NoHostAvailableError', 'OperationTimedOutError', 'BusyConnectionError']);
/** Codes of the protocol (section 9, v4): unavailable, overloaded, bootstrapping, write timeout, read timeout. */
const outageCodes = new Set([0x1000, 0x1001, 0x1002, 0x1100, 0x1200]);

function isOutage(error: unknown): boolean {
  const { name = '', code, isSocketError } = error as { name?: string; code?: number; isSocketError?: boolean };
  return outages.has(name) || isSocketError === true || (code !== undefined && outageCodes.has(code));
}

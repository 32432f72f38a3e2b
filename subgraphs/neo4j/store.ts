import { setTimeout as delay } from 'node:timers/promises';
import neo4j, { type QueryResult, type SessionMode } from 'neo4j-driver';
import type { Settings } from '../../config.ts';
import type { Context, RoomStore } from '../../gateway/room.ts';
import { createSeam } from '../../gateway/seam.ts';
import { migrations } from './migrations.ts';
import { inCypherShell } from './shell.ts';

/** What queries and the sink need of Neo4j. Integers come back as numbers; to send one, make it a bigint. */
export interface Neo4jStore extends RoomStore {
  read(cypher: string, params?: Params): Promise<QueryResult>;
  /** Writes in one transaction; one that is the victim of a deadlock runs again. */
  write(cypher: string, params?: Params): Promise<QueryResult>;
}

/** Values by the names that the statement has for them: `$name`. */
type Params = Readonly<Record<string, unknown>>;

export type RoomContext = Context<Neo4jStore>;

const connectTimeoutMs = 1_000;
const acquisitionTimeoutMs = 60_000;
/** A constraint on a full graph reads all of its nodes first. */
const ddlTimeoutMs = 30_000;

const rowsOf = ({ records }: QueryResult) => records.length;

/** Opens the driver; the server need not be there: each statement takes a connection that works, or makes one. */
export function openNeo4j({ url, user, password, timeoutMs }: Settings['neo4j']): Neo4jStore {
  const seam = createSeam({ store: 'neo4j', timeoutMs, isOutage, inShell: inCypherShell });
  const driver = neo4j.driver(url, password ? neo4j.auth.basic(user, password) : undefined, {
    connectionTimeout: connectTimeoutMs,
    // Longer than anybody waits: the seam's deadline comes first, and has the code for it, which the driver's own has not.
    connectionAcquisitionTimeout: acquisitionTimeoutMs,
    disableLosslessIntegers: true,
    telemetryDisabled: true,
  });
  // A transaction that the driver manages is tried again after a second, whatever the settings: too long for a page.
  const execute = async (cypher: string, params: Params, options: { access: SessionMode; timeout: number }) => {
    const session = driver.session({ database: 'neo4j', defaultAccessMode: options.access });
    try {
      // The server ends what nobody waits for any more; 0 would be for ever.
      return await session.run(cypher, params, { timeout: Math.max(1, Math.ceil(options.timeout)) });
    } finally {
      await session.close();
    }
  };

  const read: Neo4jStore['read'] = (cypher, params = {}) =>
    seam({ text: cypher, parameters: params, isRead: true, rowsOf }, (_, timeout) =>
      execute(cypher, params, { access: neo4j.session.READ, timeout }),
    );
  const write = (cypher: string, params: Params = {}, timeoutMs?: number) =>
    seam({ text: cypher, parameters: params, rowsOf, timeoutMs }, (signal, timeout) =>
      untilNoVictim(() => execute(cypher, params, { access: neo4j.session.WRITE, timeout }), signal),
    );

  return {
    read,
    write: (cypher, params) => write(cypher, params),
    async ping() {
      await read('RETURN 1');
    },
    async migrate() {
      for (const statement of migrations) await write(statement, {}, ddlTimeoutMs);
    },
    close: () => driver.close(),
  };
}

const firstPauseMs = 10;

/**
 * Runs a transaction again as long as Neo4j chooses it as the victim of a deadlock: the others have gone on meanwhile.
 * (Neo4j Operations Manual, "Locks and deadlocks": a deadlock ends one of its transactions with a transient error.)
 */
async function untilNoVictim<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let pauseMs = firstPauseMs; ; pauseMs *= 2) {
    try {
      return await work();
    } catch (error) {
      if (codeOf(error) !== 'Neo.TransientError.Transaction.DeadlockDetected') throw error;
      // By chance, so that two who met do not meet again.
      await delay(Math.random() * pauseMs, undefined, { signal });
    }
  }
}

const codeOf = (error: unknown) => (error as { code?: string }).code;

const outageCodes = new Set<string | undefined>([
  neo4j.error.SERVICE_UNAVAILABLE,
  neo4j.error.SESSION_EXPIRED,
  // The server is there, and its database not yet or not any more.
  'Neo.TransientError.General.DatabaseUnavailable',
  'Neo.ClientError.Database.DatabaseNotFound',
]);

const isOutage = (error: unknown): boolean => outageCodes.has(codeOf(error));

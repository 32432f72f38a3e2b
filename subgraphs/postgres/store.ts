import { PrismaPg } from '@prisma/adapter-pg';
import type { Settings } from '../../config.ts';
import { currentRequest } from '../../gateway/request.ts';
import type { Context, RoomStore } from '../../gateway/room.ts';
import { createSeam } from '../../gateway/seam.ts';
import { PrismaClient } from './generated/client.ts';
import { countOf, noteTransaction } from './notes.ts';
import { isOutage } from './outage.ts';
import { inPsql } from './shell.ts';
import { type Asked, parametersOf, type SqlRunner, sqlThrough, textOf } from './sql.ts';

/** What queries and commands need of Postgres. */
export interface PostgresStore extends RoomStore {
  /** For single statements; each passes the seam. */
  db: SqlRunner;
  /**
   * Runs a command's statements as one transaction, which passes the seam as one call. It is rolled back when `work`
   * throws, and when its time is up before it commits.
   * @param name what the command does, for those who observe
   */
  transaction<T>(name: string, work: (tx: Transaction) => Promise<T>): Promise<T>;
}

export type Transaction = SqlRunner;
export type RoomContext = Context<PostgresStore>;

/** The server ends any transaction that takes longer: while one is open, the relay must hold back what came after it. */
const transactionTimeoutMs = 10_000;

/** Makes the pool, without connecting: the first query does. */
export function openPostgres({ url, poolSize, timeoutMs }: Settings['postgres']): PostgresStore {
  const adapter = new PrismaPg({
    connectionString: url,
    application_name: 'streamshop',
    max: poolSize,
    connectionTimeoutMillis: timeoutMs,
    keepAlive: true,
    // adapter-pg 7.10 drops the offset of a timestamptz, and sends none: both ways it takes the session's zone for UTC.
    // A client that was told of a timeout has gone; its statement must not hold a connection for ever.
    options: `-c timezone=UTC -c transaction_timeout=${transactionTimeoutMs} -c statement_timeout=${transactionTimeoutMs}`,
  });
  const prisma = new PrismaClient({ adapter });
  const seam = createSeam({ store: 'postgres', timeoutMs, isOutage, inShell: inPsql });
  const db = sqlThrough(
    <T>({ sql, isRead }: Asked, send: () => Promise<T>) =>
      seam<T>({ text: textOf(sql), parameters: parametersOf(sql), isRead, rowsOf: countOf }, send),
    prisma,
  );

  return {
    db,
    transaction: <T>(name: string, work: (tx: Transaction) => Promise<T>) => {
      // A loader's thousand rows may take all of a transaction's time; a client is told after a store's time.
      const statement = { text: `BEGIN; -- ${name}`, timeoutMs: currentRequest() ? timeoutMs : transactionTimeoutMs };
      return seam<T>(statement, (signal, _, call) => {
        const notes = noteTransaction(call);
        const run = prisma.$transaction(
          async (tx) => {
            const result = await work(sqlThrough(notes.gate, tx));
            signal.throwIfAborted();
            return result;
          },
          // The seam is the one that gives up: Prisma's own limits only stand behind it.
          { maxWait: transactionTimeoutMs, timeout: transactionTimeoutMs },
        );
        return notes.ended(run);
      });
    },
    ping: async () => {
      await db.$queryRaw`SELECT FROM movies LIMIT 1`;
    },
    migrate: async () => {
      // Only who migrates loads the engine, a few megabytes of WebAssembly.
      const { deploy } = await import('./migrate/deploy.ts');
      await deploy(url);
    },
    close: () => prisma.$disconnect(),
  };
}

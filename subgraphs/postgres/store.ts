import { PrismaPg } from '@prisma/adapter-pg';
import type { Settings } from '../../config.ts';
import { currentRequest } from '../../gateway/request.ts';
import type { Context, RoomStore } from '../../gateway/room.ts';
import { createSeam, type Seam } from '../../gateway/seam.ts';
import { type Prisma, PrismaClient } from './generated/client.ts';
import { isOutage } from './outage.ts';

/** What queries and commands need of Postgres. */
export interface PostgresStore extends RoomStore {
  /** Prisma, for single statements; each passes the seam. */
  db: Database;
  /**
   * Runs a command's statements as one transaction, which passes the seam as one call. It is rolled back when `work`
   * throws, and when its time is up before it commits.
   * @param name what the command does, for those who observe
   */
  transaction<T>(name: string, work: (tx: Transaction) => Promise<T>): Promise<T>;
}

export type Database = ReturnType<typeof throughSeam>;
export type Transaction = Prisma.TransactionClient;
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
  const seam = createSeam({ store: 'postgres', timeoutMs, isOutage });
  const seamOfJobs = createSeam({ store: 'postgres', timeoutMs: transactionTimeoutMs, isOutage });
  const db = throughSeam(prisma, seam);

  return {
    db,
    transaction: (name, work) => {
      // A loader's thousand rows may take all of a transaction's time; a client is told after a store's time.
      const gate = currentRequest() ? seam : seamOfJobs;
      return gate(`BEGIN; -- ${name}`, (signal) =>
        prisma.$transaction(
          async (tx) => {
            const result = await work(tx);
            signal.throwIfAborted();
            return result;
          },
          // The seam is the one that gives up: Prisma's own limits only stand behind it.
          { maxWait: transactionTimeoutMs, timeout: transactionTimeoutMs },
        ),
      );
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

/** Prisma with every operation led through the seam. */
function throughSeam(prisma: PrismaClient, seam: Seam) {
  return prisma.$extends({
    query: {
      $allOperations: ({ model, operation, args, query }) => {
        const statement = isSql(args) ? args.sql : `${model}.${operation}`;
        return seam(statement, () => query(args));
      },
    },
  });
}

/** Whether an operation's arguments are a written-out statement. */
const isSql = (args: unknown): args is Prisma.Sql => typeof (args as Partial<Prisma.Sql> | null)?.sql === 'string';

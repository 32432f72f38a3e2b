import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { Settings } from '../config.ts';
import { activeSinks } from '../gateway/open.ts';
import { rooms } from '../subgraphs/index.ts';
import { kafkaClient } from './kafka.ts';
import { fetchLags } from './lags.ts';
import { countMongoOutbox, mongoClient } from './mongo-outbox.ts';
import { names } from './names.ts';
import { countPostgresOutbox } from './postgres-outbox.ts';

/** What the write path has yet to do. */
export interface Pending {
  /** Events that are not published, of all sources of truth. */
  outbox: number;
  /** Messages that each sink has not applied. */
  lags: ReadonlyMap<string, number>;
}

const pollEveryMs = 200;
const patienceMs = 60_000;

/**
 * Waits until every event that is written now, or while it waits, is published and applied by every sink.
 * @throws Error that says what is left, when nothing has moved for a minute
 */
export async function waitUntilCaughtUp(settings: Settings): Promise<void> {
  await using progress = await openProgress(settings);
  let least = Number.POSITIVE_INFINITY;
  let movedAt = performance.now();
  while (true) {
    const pending = await progress.read();
    const left = pending.outbox + pending.lags.values().reduce((sum, lag) => sum + lag, 0);
    if (left === 0) return;
    if (left < least) {
      least = left;
      movedAt = performance.now();
    }
    if (performance.now() - movedAt > patienceMs) {
      throw new Error(`nothing has moved for ${patienceMs / 1_000} s: ${describe(pending)}`);
    }
    await delay(pollEveryMs);
  }
}

function describe({ outbox, lags }: Pending): string {
  const behind = [...lags].filter(([, lag]) => lag > 0).map(([sink, lag]) => `${sink} lags by ${lag}`);
  return [`${outbox} events in the outboxes`, ...behind].join(', ');
}

export interface Progress extends AsyncDisposable {
  read(): Promise<Pending>;
}

/** Connects to the sources of truth and Kafka, to look how far the write path is. */
export async function openProgress(settings: Settings): Promise<Progress> {
  const client = new Client({
    connectionString: settings.postgres.url,
    connectionTimeoutMillis: settings.postgres.timeoutMs,
  });
  const admin = kafkaClient({ settings: settings.kafka, retries: 3 }).admin();
  // What breaks is told by the next query.
  client.on('error', () => {});
  const mongo = settings.without.has('mongo') ? null : mongoClient(settings.mongo);
  const close = async () => {
    await Promise.allSettled([client.end(), mongo?.close(), admin.disconnect()]);
  };
  try {
    await Promise.all([client.connect(), mongo?.connect(), admin.connect()]);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    // One after the other: what leaves the outbox in between is in the log when the lags are read.
    read: async () => ({
      outbox: (await countPostgresOutbox(client)) + (mongo ? await countMongoOutbox(mongo.db()) : 0),
      lags: await fetchLags(admin, activeSinks(rooms, settings), names),
    }),
    [Symbol.asyncDispose]: close,
  };
}

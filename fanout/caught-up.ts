import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { Settings } from '../config.ts';
import { activeSinks } from '../gateway/open.ts';
import { rooms } from '../subgraphs/index.ts';
import { reasonOf } from './backoff.ts';
import { kafkaClient } from './kafka.ts';
import { fetchSinkProgress, type SinkProgress } from './lags.ts';
import { mongoClient } from './mongo-outbox.ts';
import { countMongoOutbox } from './mongo-waiting.ts';
import { names } from './names.ts';
import { countPostgresOutbox, hangUp } from './postgres-outbox.ts';

/** What the write path has yet to do. */
export interface Pending {
  /** Events that are not published, by source of truth. */
  outboxes: ReadonlyMap<string, number>;
  sinks: ReadonlyMap<string, SinkProgress>;
}

const pollEveryMs = 200;

/**
 * Waits until every event that is written now, or while it waits, is published and applied by every sink. A connection that
 * is lost meanwhile is made anew.
 * @param patienceMs how long nothing may move
 * @throws Error that says what is left, or what cannot be reached, when nothing has moved for so long; at once where a
 * server cannot be reached to begin with
 */
export async function waitUntilCaughtUp(settings: Settings, patienceMs = 60_000): Promise<void> {
  let before: Pending | undefined;
  let movedAt = performance.now();
  for await (const look of looks(settings)) {
    if (!(look instanceof Error)) {
      if (isDone(look)) return;
      if (before && hasMoved(before, look)) movedAt = performance.now();
      before = look;
    }
    if (performance.now() - movedAt > patienceMs) {
      const why = look instanceof Error ? reasonOf(look) : describe(look);
      throw new Error(`nothing has moved for ${patienceMs / 1_000} s: ${why}`);
    }
  }
}

/** Looks again and again; after a failure, which it gives as it gives what it sees, with new connections. */
async function* looks(settings: Settings): AsyncGenerator<Pending | Error> {
  let progress: Progress | undefined = await openProgress(settings);
  const look = async () => {
    progress ??= await openProgress(settings);
    return await progress.read();
  };
  const close = async () => {
    await progress?.[Symbol.asyncDispose]();
    progress = undefined;
  };
  try {
    while (true) {
      yield await look().catch(async (error: Error) => {
        await close();
        return error;
      });
      await delay(pollEveryMs);
    }
  } finally {
    await close();
  }
}

const isDone = (pending: Pending) => unpublished(pending) === 0 && pending.sinks.values().every(({ lag }) => lag === 0);

/** How many events wait in the outboxes. */
export const unpublished = ({ outboxes }: Pending): number => outboxes.values().reduce((sum, count) => sum + count, 0);

/**
 * Whether something was published or applied between two looks. What is left in all says nothing of that: on a system that
 * is in use, more may have come than went.
 */
export function hasMoved(before: Pending, now: Pending): boolean {
  const hasPublished = now.outboxes.entries().some(([store, count]) => count < (before.outboxes.get(store) ?? 0));
  const hasApplied = now.sinks.entries().some(([name, { lag, applied }]) => {
    const sink = before.sinks.get(name);
    return sink !== undefined && (lag < sink.lag || applied > sink.applied);
  });
  return hasPublished || hasApplied;
}

function describe(pending: Pending): string {
  const behind = [...pending.sinks].filter(([, { lag }]) => lag > 0).map(([sink, { lag }]) => `${sink} lags by ${lag}`);
  return [`${unpublished(pending)} events in the outboxes`, ...behind].join(', ');
}

/** What can be asked how far the write path is; does not wait for ever, and disposed of not at all, for a server that hangs. */
export interface Progress extends AsyncDisposable {
  read(): Promise<Pending>;
}

/** Connects to the sources of truth and Kafka, to look how far the write path is. */
export async function openProgress(settings: Settings): Promise<Progress> {
  const { url, timeoutMs } = settings.postgres;
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: 4 * timeoutMs,
  });
  const admin = kafkaClient({ settings: settings.kafka, retries: 3 }).admin();
  // What breaks is told by the next query.
  client.on('error', () => {});
  const mongo = settings.without.has('mongo') ? null : mongoClient(settings.mongo);
  const close = async () => {
    const closing = Promise.allSettled([hangUp(client), mongo?.close(true), admin.disconnect()]);
    await Promise.race([closing, delay(500)]);
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
      outboxes: new Map([
        ['postgres', await countPostgresOutbox(client)],
        ['mongo', mongo ? await countMongoOutbox(mongo.db()) : 0],
      ]),
      sinks: await fetchSinkProgress(admin, activeSinks(rooms, settings), names),
    }),
    [Symbol.asyncDispose]: close,
  };
}

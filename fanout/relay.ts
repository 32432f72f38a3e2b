import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { Logger } from 'pino';
import type { Settings } from '../config.ts';
import { topics } from '../schema/events/index.ts';
import { createOutageLog, outageBackoff } from './backoff.ts';
import { kafkaClient } from './kafka.ts';
import { names as defaultNames, type Names } from './names.ts';
import {
  forgetOldPositions,
  isOutboxEmpty,
  type OutboxRow,
  readPublishable,
  recordPublished,
  tryToLead,
} from './outbox.ts';
import { openPublisher, type Publisher } from './publisher.ts';
import { ensureTopics } from './topics.ts';
import { startWorker, type Worker } from './worker.ts';

export interface RelayOptions {
  settings: Pick<Settings, 'postgres' | 'kafka'>;
  logger: Logger;
  /** @default the names without a prefix */
  names?: Names;
}

/** One request to Kafka holds at most this much, well below what a topic takes as one record batch. */
const maxRows = 2_000;
const maxBytes = 900_000;

/** NOTIFY wakes the relay; it polls as well, because the end of a transaction without events rings no bell. */
const pollMs = { heldBack: 50, idle: 1_000, standingBy: 500 };
const forgetEveryMs = 3_600_000;

/**
 * Starts the relay: it moves the outbox of Postgres into Kafka, in order and without gaps. Of several, one works and
 * the others stand by. It lives through restarts of both servers; what a crash leaves half done is published again with
 * the same event id.
 */
export function startRelay({ settings, logger, names = defaultNames }: RelayOptions): Worker {
  return startWorker(async (signal, isReady) => {
    const outage = createOutageLog(logger, 'the outbox or Kafka').member();
    const backoff = outageBackoff();
    const isWorking = () => {
      outage.ends();
      backoff.reset();
      isReady();
    };
    while (!signal.aborted) {
      try {
        await using postgres = await connectPostgres(settings.postgres);
        await lead({
          ...postgres,
          signal,
          logger,
          isWorking,
          publisher: () => connectKafka(settings.kafka, names, logger),
        });
      } catch (error) {
        if (signal.aborted) return;
        outage.begins(error);
        await backoff.wait(signal);
      }
    }
  });
}

interface Postgres extends AsyncDisposable {
  client: Client;
  bell: Bell;
}

async function connectPostgres({ url, timeoutMs }: Settings['postgres']): Promise<Postgres> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: timeoutMs,
    // A server that hangs must not hang the relay.
    query_timeout: 4 * timeoutMs,
    keepAlive: true,
    application_name: 'streamshop-relay',
  });
  const bell = createBell();
  client.on('notification', bell.ring);
  client.on('error', bell.fail);
  client.on('end', () => bell.fail(new Error('the connection to Postgres ended')));
  try {
    await client.connect();
    await client.query('LISTEN outbox');
  } catch (error) {
    await hangUp(client);
    throw error;
  }
  return { client, bell, [Symbol.asyncDispose]: () => hangUp(client) };
}

/** Ends a connection, so that the lock is free at once; does not wait for a server that hangs. */
async function hangUp(client: Client): Promise<void> {
  await Promise.race([client.end(), delay(500)]);
}

async function connectKafka(settings: Settings['kafka'], names: Names, logger: Logger): Promise<Publisher> {
  const kafka = kafkaClient({ settings, logger, retries: 3 });
  const admin = kafka.admin();
  try {
    await admin.connect();
    await ensureTopics(admin, { names, topics, sinks: [] });
  } finally {
    await admin.disconnect();
  }
  return await openPublisher(kafka);
}

interface Leading {
  client: Client;
  bell: Bell;
  signal: AbortSignal;
  logger: Logger;
  publisher(): Promise<Publisher>;
  isWorking(): void;
}

/** Waits for its turn, then publishes until it is stopped or a connection breaks. */
async function lead({ client, bell, signal, logger, publisher: open, isWorking }: Leading): Promise<void> {
  for (let waits = 0; !(await tryToLead(client)); waits++) {
    if (waits === 0) logger.info('another relay works; standing by');
    isWorking();
    await bell.heard(pollMs.standingBy, signal);
    if (signal.aborted) return;
  }
  const publisher = await open();
  try {
    logger.info('relaying the outbox');
    let forgetAt = 0;
    while (!signal.aborted) {
      // Listened for before the read, so that no call in between is missed.
      bell.reset();
      const rows = cut(await readPublishable(client, maxRows));
      if (rows.length > 0) await recordPublished(client, await publisher.publish(rows));
      isWorking();
      if (rows.length > 0) continue;
      if (Date.now() >= forgetAt) {
        await forgetOldPositions(client);
        forgetAt = Date.now() + forgetEveryMs;
      }
      await bell.heard((await isOutboxEmpty(client)) ? pollMs.idle : pollMs.heldBack, signal);
    }
  } finally {
    await publisher.close();
  }
}

/** The first rows that fit into one request; always at least one. */
function cut(rows: readonly OutboxRow[]): OutboxRow[] {
  let bytes = 0;
  return rows.filter(({ payload }, index) => {
    bytes += Buffer.byteLength(payload);
    return index === 0 || bytes <= maxBytes;
  });
}

/** What wakes a waiting relay: a notification, or the loss of its connection. */
interface Bell {
  ring(): void;
  fail(error: Error): void;
  reset(): void;
  /**
   * Waits until it rang since the last reset, the time is up or the signal aborts.
   * @throws what the bell failed with
   */
  heard(ms: number, signal: AbortSignal): Promise<void>;
}

function createBell(): Bell {
  let hasRung = false;
  let failure: Error | undefined;
  let wake = () => {};
  return {
    ring() {
      hasRung = true;
      wake();
    },
    fail(error) {
      failure ??= error;
      wake();
    },
    reset() {
      hasRung = false;
    },
    async heard(ms, signal) {
      if (!hasRung && !failure && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
          signal.addEventListener('abort', wake, { once: true });
        });
        signal.removeEventListener('abort', wake);
        wake = () => {};
      }
      if (failure) throw failure;
    },
  };
}

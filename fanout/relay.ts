import type { Logger } from 'pino';
import type { Settings } from '../config.ts';
import { topics } from '../schema/events/index.ts';
import { createOutageLog, outageBackoff } from './backoff.ts';
import { kafkaClient } from './kafka.ts';
import { names as defaultNames, type Names } from './names.ts';
import { tell } from './observe.ts';
import type { Outbox, OutboxRow, OutboxSource } from './outbox.ts';
import { openPublisher, type Publisher } from './publisher.ts';
import { ensureTopics } from './topics.ts';
import { sendTraced } from './tracing.ts';
import { startWorker, type Worker } from './worker.ts';

export interface RelayOptions {
  outbox: OutboxSource;
  settings: Pick<Settings, 'kafka'>;
  logger: Logger;
  /** @default the names without a prefix */
  names?: Names;
}

/** One request to Kafka holds at most this much, well below what a topic takes as one record batch. */
const maxRows = 2_000;
const maxBytes = 900_000;

const forgetEveryMs = 3_600_000;

/**
 * Starts the relay of one outbox: it moves what waits there into Kafka, each key in order and without gaps. Of several, one
 * works and the others stand by. It lives through restarts of both servers; what a crash leaves half done is published
 * again with the same event id.
 */
export function startRelay({ outbox, settings, logger, names = defaultNames }: RelayOptions): Worker {
  return startWorker(async (signal, isReady) => {
    const outage = createOutageLog(logger, `the outbox of ${outbox.name} or Kafka`).member();
    const backoff = outageBackoff();
    const isWorking = () => {
      outage.ends();
      backoff.reset();
      isReady();
    };
    while (!signal.aborted) {
      try {
        await using connected = await outbox.connect(logger);
        await relay({
          outbox: connected,
          signal,
          log: (what) => logger.info({ outbox: outbox.name }, what),
          isWorking,
          openPublisher: () => connectKafka(settings.kafka, names, logger),
          tellLeading: (isLeading) => tell({ what: 'leading', outbox: outbox.name, isLeading }),
        });
      } catch (error) {
        if (signal.aborted) return;
        outage.begins(error);
        await backoff.wait(signal);
      }
    }
  });
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

interface Relaying {
  outbox: Outbox;
  signal: AbortSignal;
  log(what: string): void;
  openPublisher(): Promise<Publisher>;
  isWorking(): void;
  tellLeading(isLeading: boolean): void;
}

/** Publishes whenever it is its turn, until it is stopped or a connection breaks. */
async function relay(options: Relaying): Promise<void> {
  const { outbox, signal, log, openPublisher, isWorking, tellLeading } = options;
  let role: 'none' | 'standing by' | 'working' = 'none';
  let publisher: Publisher | undefined;
  let forgetAt = 0;
  try {
    while (!signal.aborted) {
      if (!(await outbox.leads())) {
        if (role !== 'standing by') {
          log('another relay works; standing by');
          tellLeading(false);
        }
        role = 'standing by';
        isWorking();
        await outbox.rest(signal);
        continue;
      }
      publisher ??= await openPublisher();
      if (role !== 'working') {
        log('relaying the outbox');
        tellLeading(true);
      }
      role = 'working';
      const rows = cut(await outbox.read(maxRows));
      if (rows.length > 0) await outbox.recordPublished(await sendTraced(rows, publisher.publish));
      for (const { topic } of rows) tell({ what: 'published', topic });
      isWorking();
      if (rows.length > 0) continue;
      if (Date.now() >= forgetAt && !(await outbox.forgetOldPositions())) forgetAt = Date.now() + forgetEveryMs;
      await outbox.rest(signal);
    }
  } finally {
    tellLeading(false);
    await publisher?.close();
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

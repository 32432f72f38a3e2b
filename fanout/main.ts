import pino from 'pino';
import { readSettings, type Settings } from '../config.ts';
import { openRooms } from '../gateway/open.ts';
import type { Room } from '../gateway/room.ts';
import { startTracing } from '../gateway/tracing.ts';
import { rooms } from '../subgraphs/index.ts';
import { runSink } from './consumer.ts';
import { serveWorkerMetrics } from './metrics.ts';
import { mongoOutbox } from './mongo-outbox.ts';
import type { OutboxSource } from './outbox.ts';
import { postgresOutbox } from './postgres-outbox.ts';
import { startRelay } from './relay.ts';
import { offForUploads } from './sweep-uploads.ts';
import { startUploadSweeper } from './upload-sweeper.ts';
import type { Worker } from './worker.ts';

// node fanout/main.ts               the relays, the sweeper of uploads and every sink, in one process
// node fanout/main.ts relay         the relays and the sweeper alone; of several processes one works
// node fanout/main.ts sink redis    one sink; several share its partitions
const [role, name, ...rest] = process.argv.slice(2);
const settings = readSettings();
const logger = pino({
  level: settings.logLevel,
  base: { role: role ? [role, name].filter(Boolean).join(' ') : 'workers' },
});

process.on('uncaughtException', (error) => {
  logger.fatal({ err: error }, `the workers cannot go on: ${error.message}`);
  process.exit(1);
});

try {
  const { withRelay, sinks } = readRole(settings);
  await using _tracing = await startTracing({ role: 'workers', settings, logger });
  await using opened = openRooms(sinks, settings);
  const relayed = withRelay ? outboxes(settings) : [];
  await using _metrics = await serveWorkerMetrics({
    ...{ rooms: opened, outboxes: relayed.map((outbox) => outbox.name), settings, logger },
  });
  const workers: Worker[] = relayed.map((outbox) => startRelay({ outbox, settings, logger }));
  if (withRelay && offForUploads(rooms, settings).length === 0) {
    workers.push(startUploadSweeper({ rooms, settings, logger }));
  }
  for (const { room, open } of opened.list) {
    if (!room.consumes || !open?.sink) continue;
    workers.push(runSink({ name: room.name, sink: open.sink, consumes: room.consumes, settings, logger }));
  }
  const stop = () => {
    logger.info('stopping');
    for (const worker of workers) void worker.stop();
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
  void Promise.all(workers.map(({ ready }) => ready)).then(
    () => logger.info('ready'),
    // Stopped before it was ready, or failed: `done` says so.
    () => {},
  );
  await Promise.all(workers.map(({ done }) => done));
  logger.info('stopped');
} catch (error) {
  logger.fatal({ err: error }, `the workers cannot go on: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
// kafkajs may still wait for answers that nobody wants any more.
process.exit();

/** Every source of truth has an outbox, and each a relay of its own: one that is down stops no other. */
function outboxes({ postgres, mongo, without }: Settings): OutboxSource[] {
  return [postgresOutbox(postgres), mongoOutbox(mongo)].filter(({ name }) => !without.has(name));
}

/**
 * What the command line asks for.
 * @throws Error when it asks for what is not there
 */
function readRole({ without }: Settings): { withRelay: boolean; sinks: Room[] } {
  const all = rooms.filter(({ name, consumes }) => consumes && !without.has(name));
  if (role === undefined) return { withRelay: true, sinks: all };
  if (role === 'relay' && name === undefined) return { withRelay: true, sinks: [] };
  const sinks = all.filter((room) => room.name === name);
  if (role === 'sink' && sinks.length === 1 && rest.length === 0) return { withRelay: false, sinks };
  throw new Error(`there is no role "${process.argv.slice(2).join(' ')}"; there are: relay, ${sinkNames(all)}`);
}

function sinkNames(all: readonly Room[]): string {
  return all.map(({ name }) => `sink ${name}`).join(', ');
}

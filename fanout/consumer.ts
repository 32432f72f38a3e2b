import type { Admin, Consumer, Producer } from 'kafkajs';
import type { Logger } from 'pino';
import type { Settings } from '../config.ts';
import type { EventType, Topic } from '../schema/events/index.ts';
import { createOutageLog, type OutageLog, outageBackoff } from './backoff.ts';
import { bury } from './dead-letters.ts';
import { kafkaClient } from './kafka.ts';
import { type Feed, type Lane, openLane } from './lane.ts';
import { topicsOf } from './message.ts';
import { names as defaultNames, type Names } from './names.ts';
import { fetchCommitted, fetchWatermarks } from './offsets.ts';
import type { Sink } from './sink.ts';
import { ensureTopics } from './topics.ts';
import { startWorker, type Worker } from './worker.ts';

export interface SinkOptions {
  name: string;
  sink: Sink;
  consumes: readonly EventType[];
  settings: Pick<Settings, 'kafka'>;
  logger: Logger;
  /** @default the names without a prefix */
  names?: Names;
}

/**
 * A member that was killed is missed after this long, and its partitions go to another: the shortest time that a broker
 * allows by default, as other members stand still until then.
 */
const sessionTimeoutMs = 6_000;

/**
 * Starts a sink: a member of its consumer group, that applies the events of its types to one store, each partition in
 * order, and commits an offset only when what lies below it is applied or a dead letter.
 */
export function runSink(options: SinkOptions): Worker {
  const { name, settings, names = defaultNames } = options;
  const logger = options.logger.child({ sink: name });
  return startWorker(async (signal, isReady) => {
    const kafkaOutage = createOutageLog(logger, `Kafka, for sink ${name},`).member();
    const storeOutage = createOutageLog(logger, `the store of sink ${name}`);
    const backoff = outageBackoff();
    const hasJoined = () => {
      kafkaOutage.ends();
      backoff.reset();
      isReady();
    };
    while (!signal.aborted) {
      try {
        await using clients = await connect(settings.kafka, { name, names, logger });
        await consume({ ...options, ...clients, names, logger, signal, hasJoined, storeOutage });
      } catch (error) {
        if (signal.aborted) return;
        kafkaOutage.begins(error);
        await backoff.wait(signal);
      }
    }
  });
}

interface Clients extends AsyncDisposable {
  consumer: Consumer;
  admin: Admin;
  producer: Producer;
}

async function connect(
  settings: Settings['kafka'],
  { name, names, logger }: { name: string; names: Names; logger: Logger },
): Promise<Clients> {
  const kafka = kafkaClient({ settings, logger, retries: 3 });
  const admin = kafka.admin();
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  const consumer = kafka.consumer({
    groupId: names.group(name),
    allowAutoTopicCreation: false,
    sessionTimeout: sessionTimeoutMs,
    heartbeatInterval: 1_500,
    rebalanceTimeout: sessionTimeoutMs,
    // A partition that was paused is fetched again only at the next fetch, so none may take long.
    maxWaitTimeInMs: 200,
    maxBytesPerPartition: 512 * 1024,
    // A client that crashed is replaced as a whole: one way to recover, whatever went wrong.
    retry: { retries: 3, restartOnFailure: async () => false },
  });
  const disconnect = async () => {
    await Promise.allSettled([consumer.disconnect(), producer.disconnect(), admin.disconnect()]);
  };
  try {
    await Promise.all([consumer.connect(), producer.connect(), admin.connect()]);
  } catch (error) {
    await disconnect();
    throw error;
  }
  return { consumer, admin, producer, [Symbol.asyncDispose]: disconnect };
}

interface Consuming extends SinkOptions, Pick<Clients, 'consumer' | 'admin' | 'producer'> {
  names: Names;
  signal: AbortSignal;
  hasJoined(): void;
  storeOutage: OutageLog;
}

/**
 * Consumes until the signal aborts.
 * @throws when kafkajs gives up
 */
async function consume(options: Consuming): Promise<void> {
  const { consumer, admin, name, consumes, names, signal, hasJoined } = options;
  const topics = topicsOf(consumes);
  const topicByName = new Map(topics.map((topic) => [names.topic(topic), topic]));
  await ensureTopics(admin, { names, topics, sinks: [name] });

  const place = (topic: string, partition: number) => `${topic}/${partition}`;
  let lanes = new Map<string, Lane>();
  const stopLanes = async () => {
    const stopped = [...lanes.values()];
    lanes = new Map();
    await Promise.all(stopped.map((lane) => lane.stop()));
  };

  // Emitted before anything is fetched in the new generation: what is paused here is fetched only when its lane says so.
  consumer.on(consumer.events.GROUP_JOIN, ({ payload: { memberAssignment } }) => {
    void stopLanes();
    for (const [topicName, partitions] of Object.entries(memberAssignment)) {
      const topic = topicByName.get(topicName);
      if (!topic) continue;
      consumer.pause([{ topic: topicName, partitions }]);
      for (const partition of partitions) {
        lanes.set(place(topicName, partition), startLane(options, { topic, topicName, partition }));
      }
    }
    hasJoined();
  });

  const ended = Promise.withResolvers<void>();
  consumer.on(consumer.events.CRASH, ({ payload }) => ended.reject(payload.error));
  ended.promise.catch(() => {});
  const onAbort = () => ended.resolve();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await consumer.subscribe({ topics: [...topicByName.keys()], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: 4,
      // Only hands over. kafkajs fetches again when every partition's handler has returned, so one that waited here would
      // hold up the others, and the heartbeats with them.
      async eachBatch({ batch, resolveOffset, isStale }) {
        if (isStale()) return;
        const isTaken = lanes.get(place(batch.topic, batch.partition))?.offer(batch.messages);
        if (isTaken) resolveOffset(batch.lastOffset());
      },
    });
    if (!signal.aborted) await ended.promise;
  } finally {
    signal.removeEventListener('abort', onAbort);
    await stopLanes();
  }
}

interface LanePlace {
  topic: Topic;
  topicName: string;
  partition: number;
}

function startLane(
  { consumer, admin, producer, name, sink, consumes, names, logger, storeOutage }: Consuming,
  { topic, topicName, partition }: LanePlace,
): Lane {
  const group = names.group(name);
  const topicPartitions = [{ topic: topicName, partitions: [partition] }];
  const feed: Feed = {
    committed: async () => (await fetchCommitted(admin, group, [topicName])).get(topicName)?.get(partition),
    async watermarks() {
      const marks = (await fetchWatermarks(admin, [topicName])).get(topicName)?.get(partition);
      if (!marks) throw new Error(`Kafka says nothing of ${topicName}/${partition}`);
      return marks;
    },
    seek: (offset) => unlessCrashed(() => consumer.seek({ topic: topicName, partition, offset: String(offset) })),
    pause: () => unlessCrashed(() => consumer.pause(topicPartitions)),
    resume: () => unlessCrashed(() => consumer.resume(topicPartitions)),
    commit: (offset) => consumer.commitOffsets([{ topic: topicName, partition, offset: String(offset) }]),
    bury: (letter) => bury(producer, names.deadLetters, letter),
  };
  return openLane({
    origin: { sink: name, topic: topicName, partition },
    group,
    topic,
    sink,
    consumes: new Set(consumes),
    feed,
    outage: storeOutage.member(),
    logger,
  });
}

/** A consumer that gave up has no group to steer any more, and throws; its lanes are ended in the same moment. */
function unlessCrashed(steer: () => void): void {
  try {
    steer();
  } catch {}
}

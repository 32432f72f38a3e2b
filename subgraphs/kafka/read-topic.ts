import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Admin, Batch, Kafka, KafkaMessage } from 'kafkajs';
import { fetchWatermarks } from '../../fanout/offsets.ts';

/** While nobody takes a batch, the reader must say that it lives. */
const heartbeatMs = 1_000;

/**
 * The messages of a topic from its beginning up to its end at the call, each once, in constant memory: the next batch is
 * fetched when the one before has been taken. kafkajs reads in groups only; so this is a group of its own, which commits
 * nothing and is deleted at the end.
 * @throws when Kafka cannot be reached
 */
export async function* readTopic(kafka: Kafka, topic: string): AsyncGenerator<KafkaMessage[]> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    const unread = await fetchUnread(admin, topic);
    if (!unread.isEmpty()) yield* read(kafka, admin, { topic, unread });
  } finally {
    await admin.disconnect();
  }
}

async function* read(
  kafka: Kafka,
  admin: Admin,
  { topic, unread }: { topic: string; unread: Unread },
): AsyncGenerator<KafkaMessage[]> {
  const groupId = `streamshop-source-${randomUUID()}`;
  const consumer = kafka.consumer({
    groupId,
    maxWaitTimeInMs: 100,
    allowAutoTopicCreation: false,
    retry: { retries: 5, restartOnFailure: async () => false },
  });
  const batches: KafkaMessage[][] = [];
  let failure: Error | undefined;
  let isOver = false;
  let changed = Promise.withResolvers<void>();
  const notify = () => {
    changed.resolve();
    changed = Promise.withResolvers<void>();
  };
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    failure = payload.error;
    notify();
  });

  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch, heartbeat }) => {
        const messages = unread.take(batch);
        if (messages.length > 0) batches.push(messages);
        notify();
        while (batches.length > 0 && !isOver) {
          await Promise.race([changed.promise, delay(heartbeatMs, undefined, { ref: false })]);
          await heartbeat();
        }
      },
    });
    while (true) {
      if (failure) throw failure;
      const [messages] = batches;
      if (messages) {
        yield messages;
        batches.shift();
        notify();
      } else if (unread.isEmpty()) return;
      else await changed.promise;
    }
  } finally {
    isOver = true;
    notify();
    await consumer.disconnect().catch(() => {});
    await admin.deleteGroups([groupId]).catch(() => {});
  }
}

/** What is still to be read of each partition. */
interface Unread {
  isEmpty(): boolean;
  /** The messages of a batch that are still to be read, which then are. A group that forms anew begins at the beginning. */
  take(batch: Batch): KafkaMessage[];
}

async function fetchUnread(admin: Admin, topic: string): Promise<Unread> {
  const marks = (await fetchWatermarks(admin, [topic])).get(topic) ?? new Map();
  const unread = new Map([...marks].filter(([, { low, high }]) => low < high));
  return {
    isEmpty: () => unread.size === 0,
    take(batch) {
      const marks = unread.get(batch.partition);
      if (!marks) return [];
      const next = BigInt(batch.lastOffset()) + 1n;
      if (next >= marks.high) unread.delete(batch.partition);
      else if (next > marks.low) unread.set(batch.partition, { ...marks, low: next });
      return batch.messages.filter(({ offset }) => BigInt(offset) >= marks.low && BigInt(offset) < marks.high);
    },
  };
}

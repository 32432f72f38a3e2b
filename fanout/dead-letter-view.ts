import { randomUUID } from 'node:crypto';
import type { Admin, Consumer, Kafka, KafkaMessage } from 'kafkajs';
import type { DeadLetter } from './dead-letters.ts';
import { fetchWatermarks } from './offsets.ts';

/** The outstanding dead letters, as a small table in memory: the compacted topic, read from its beginning. */
export interface DeadLetterView {
  /**
   * All dead letters that are outstanding when it is called; one that was written before is never missed.
   * @throws when Kafka cannot be reached, or the signal aborts before the view has caught up
   */
  read(admin: Admin, signal: AbortSignal): Promise<readonly DeadLetter[]>;
  close(): Promise<void>;
}

/** Makes a view; nothing is read before it is asked, and nothing is consumed while there are no dead letters. */
export function createDeadLetterView(kafka: Kafka, topic: string): DeadLetterView {
  let reader: Reader | undefined;

  return {
    async read(admin, signal) {
      const end = (await fetchWatermarks(admin, [topic])).get(topic)?.get(0)?.high ?? 0n;
      if (end === 0n) return [];
      // Crashed, or the topic was made anew.
      if (reader?.hasEnded() || (reader && reader.position() > end)) {
        void reader.close();
        reader = undefined;
      }
      reader ??= startReader(kafka, topic);
      await reader.reached(end, signal);
      return reader.letters();
    },
    async close() {
      await reader?.close();
      reader = undefined;
    },
  };
}

interface Reader {
  position(): bigint;
  hasEnded(): boolean;
  reached(offset: bigint, signal: AbortSignal): Promise<void>;
  letters(): readonly DeadLetter[];
  close(): Promise<void>;
}

function startReader(kafka: Kafka, topic: string): Reader {
  const letters = new Map<string, DeadLetter>();
  let position = 0n;
  let ended: Error | undefined;
  let waiting: (() => void)[] = [];
  const wakeAll = () => {
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
  };
  const end = (error: unknown) => {
    ended ??= error instanceof Error ? error : new Error(String(error));
    wakeAll();
  };

  // A group of its own that commits nothing: some minutes after its only member has gone, Kafka forgets it.
  const consumer = kafka.consumer({
    groupId: `streamshop-dead-letters-${randomUUID()}`,
    maxWaitTimeInMs: 500,
    allowAutoTopicCreation: false,
    retry: { retries: 1, restartOnFailure: async () => false },
  });
  const take = ({ key, value }: KafkaMessage) => {
    const name = String(key);
    if (value === null) letters.delete(name);
    else letters.set(name, JSON.parse(value.toString('utf8')));
  };
  const run = async () => {
    consumer.on(consumer.events.CRASH, ({ payload }) => end(payload.error));
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        batch.messages.forEach(take);
        position = BigInt(batch.lastOffset()) + 1n;
        wakeAll();
      },
    });
  };
  const running = run().catch(end);

  return {
    position: () => position,
    hasEnded: () => ended !== undefined,
    async reached(offset, signal) {
      while (position < offset) {
        if (ended) throw ended;
        signal.throwIfAborted();
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
      }
    },
    letters: () => [...letters.values()],
    async close() {
      end(new Error('the view of the dead letters was closed'));
      await running;
      await disconnect(consumer);
    },
  };
}

async function disconnect(consumer: Consumer): Promise<void> {
  await consumer.disconnect().catch(() => {});
}

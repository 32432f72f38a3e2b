import { type Kafka, Partitioners, type PartitionMetadata, type TopicMessages } from 'kafkajs';
import type { OutboxRow, Placed } from './outbox.ts';

/** Writes outbox rows to Kafka. After an error it must be closed and another opened. */
export interface Publisher {
  /**
   * Publishes rows in order and gives where each came to stand, once every in-sync replica has them.
   * @throws when any of them may not have been written; some may have been
   */
  publish(rows: readonly OutboxRow[]): Promise<Placed[]>;
  close(): Promise<void>;
}

/**
 * Connects an idempotent producer, so that kafkajs' own retries of a request neither repeat nor reorder messages.
 *
 * It is sound within one `publish` only. When that fails, kafkajs 2.2.4 gives the sequence numbers back though the broker
 * may have taken the messages; other messages under the same numbers would then be dropped as repeats. A new producer
 * has a new id and new numbers: so after a failure messages may stand twice in the log, but none is lost.
 */
export async function openPublisher(kafka: Kafka): Promise<Publisher> {
  const admin = kafka.admin();
  const producer = kafka.producer({
    idempotent: true,
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  const close = async () => {
    await Promise.allSettled([producer.disconnect(), admin.disconnect()]);
  };
  try {
    await Promise.all([producer.connect(), admin.connect()]);
  } catch (error) {
    await close();
    throw error;
  }

  const partitionOf = Partitioners.DefaultPartitioner();
  const metadata = new Map<string, PartitionMetadata[]>();
  const partitionsOf = async (topic: string) => {
    const known = metadata.get(topic);
    if (known) return known;
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const partitions = topics[0]?.partitions ?? [];
    if (partitions.length === 0) throw new Error(`Kafka has no topic ${topic}, to which an outbox row wants to go`);
    metadata.set(topic, partitions);
    return partitions;
  };

  return {
    async publish(rows) {
      const topicMessages = new Map<string, TopicMessages>();
      const partitions: number[] = [];
      for (const row of rows) {
        const { topic, key, payload: value, id, traceparent } = row;
        const message = { key, value, headers: { id, ...(traceparent && { traceparent }) } };
        const partition = partitionOf({ topic, partitionMetadata: await partitionsOf(topic), message });
        partitions.push(partition);
        const batch = topicMessages.get(topic) ?? { topic, messages: [] };
        batch.messages.push({ ...message, partition });
        topicMessages.set(topic, batch);
      }

      const answers = await producer.sendBatch({ acks: -1, topicMessages: [...topicMessages.values()] });
      // One request writes one record batch a partition, whose messages stand one after the other from its base offset.
      const next = new Map<string, bigint>();
      for (const { topicName, partition, baseOffset } of answers) {
        if (baseOffset !== undefined) next.set(`${topicName}/${partition}`, BigInt(baseOffset));
      }
      return rows.map((row, index) => {
        const partition = partitions[index] as number;
        const place = `${row.topic}/${partition}`;
        const offset = next.get(place);
        if (offset === undefined || offset < 0n) throw new Error(`Kafka did not say where it put messages of ${place}`);
        next.set(place, offset + 1n);
        return { row, partition, offset };
      });
    },
    close,
  };
}

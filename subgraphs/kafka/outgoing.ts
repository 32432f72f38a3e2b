import { type Kafka, type Message, Partitioners } from 'kafkajs';
import { currentTraceparent } from '../../gateway/tracing.ts';
import type { KeyedEvent } from '../../schema/events/make.ts';
import { lazyClient } from './client.ts';
import { topicOf } from './shell.ts';

/** Writes events to their topics. */
export interface Outgoing {
  /**
   * Writes events; done when every in-sync replica has them. Those of calls that come together share a request.
   * @throws when they may not have been written; some of them may have been
   */
  send(events: readonly KeyedEvent[]): Promise<void>;
  close(): Promise<void>;
}

/** How long a call waits for others to share its request. */
const lingerMs = 2;
const eventsPerRequest = 1_000;

interface Batch {
  messages: Map<string, Message[]>;
  size: number;
  sent: PromiseWithResolvers<void>;
}

/** Makes the producer, which connects at the first event. */
export function createOutgoing(kafka: Kafka): Outgoing {
  const producers = lazyClient(async () => {
    const producer = kafka.producer({
      allowAutoTopicCreation: false,
      // The one that the relay uses, so that a key's events are in one partition, whoever writes them.
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    try {
      await producer.connect();
      return producer;
    } catch (error) {
      await producer.disconnect();
      throw error;
    }
  });
  let waiting: Batch | undefined;

  const flush = (batch: Batch) => {
    if (waiting === batch) waiting = undefined;
    const topicMessages = [...batch.messages].map(([topic, messages]) => ({ topic, messages }));
    producers
      .use((producer) => producer.sendBatch({ acks: -1, topicMessages }))
      .then(() => batch.sent.resolve(), batch.sent.reject);
  };
  const open = (): Batch => {
    const batch: Batch = { messages: new Map(), size: 0, sent: Promise.withResolvers<void>() };
    // Whoever waits for it may have given up already.
    batch.sent.promise.catch(() => {});
    setTimeout(() => waiting === batch && flush(batch), lingerMs);
    return batch;
  };

  return {
    async send(events) {
      waiting ??= open();
      const batch = waiting;
      for (const keyed of events) {
        const { key, event } = keyed;
        const topic = topicOf(keyed);
        const messages = batch.messages.get(topic) ?? [];
        // Consumers go on below what sends, which is what runs now.
        const traceparent = event.traceparent && currentTraceparent();
        const headers = { id: event.id, ...(traceparent && { traceparent }) };
        messages.push({ key, value: JSON.stringify(event), headers });
        batch.messages.set(topic, messages);
      }
      batch.size += events.length;
      if (batch.size >= eventsPerRequest) flush(batch);
      await batch.sent.promise;
    },
    close: () => producers.close(),
  };
}

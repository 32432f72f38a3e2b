import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { type EventType, eventTypes } from '../schema/events/index.ts';
import { type EventParts, makeEvent } from '../schema/events/make.ts';
import { settings } from './harness.ts';

const kafka = new Kafka({ brokers: settings.kafka.brokers, logLevel: logLevel.ERROR });

/**
 * Publishes an event past the graph, which would refuse it; its data fit its schema all the same.
 * @returns its id
 */
export async function publish<T extends EventType>(
  type: T,
  parts: EventParts<T>,
  envelope: { time?: string } = {},
): Promise<string> {
  const { key, event } = makeEvent('/streamshop/kafka', type, parts);
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const value = JSON.stringify({ ...event, ...envelope });
  await producer.send({ topic: eventTypes[type].topic, acks: -1, messages: [{ key, value }] });
  await producer.disconnect();
  return event.id;
}

import { Kafka, logLevel } from 'kafkajs';
import type { Topic } from '../schema/events/index.ts';
import { askWhole, settings, until } from './harness.ts';
import { lakeEvents } from './lake.ts';

const kafka = new Kafka({ brokers: settings.kafka.brokers, logLevel: logLevel.ERROR });

/** Publishes events once more, as they lie in the lake, and waits until no sink is behind. */
export async function replay(topic: Topic, eventIds: readonly string[]): Promise<void> {
  const events = (await lakeEvents(settings, topic)).filter(({ id }) => eventIds.includes(id));
  if (events.length !== eventIds.length) throw new Error(`the lake has ${events.length} of ${eventIds.length} events`);
  const producer = kafka.producer();
  await producer.connect();
  // The actor is the key of everything that people do to each other.
  const messages = events.map((event) => ({ key: event.actor ?? event.subject, value: JSON.stringify(event) }));
  await producer.send({ topic, messages });
  await producer.disconnect();
  await caughtUp();
}

/** Waits until no sink lags. */
export const caughtUp = () =>
  until(
    'no sink lags',
    async () => {
      const { fanout } = await askWhole('{ fanout { sinks { lag } } }');
      return fanout.sinks.every(({ lag }: { lag: number }) => lag === 0);
    },
    180_000,
  );

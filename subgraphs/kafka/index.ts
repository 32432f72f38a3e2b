import { kafkaClient } from '../../fanout/kafka.ts';
import type { Room } from '../../gateway/room.ts';
import { resolvers } from './resolvers.ts';
import { kafkaSource } from './source.ts';
import { eventSources, openKafka } from './store.ts';

/** Kafka: where every event is, how far each derived store has followed, and what is too frequent for another source. */
export const kafka: Room = {
  name: 'kafka',
  resolvers,
  open({ settings, sinks }) {
    // Whoever compares stores may wait for a broker that is busy.
    const source = kafkaSource(kafkaClient({ settings: settings.kafka, retries: 5 }));
    const sources = eventSources.filter((name) => !settings.without.has(name));
    return { store: openKafka(settings.kafka, sinks, sources), source };
  },
};

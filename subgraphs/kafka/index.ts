import type { Room } from '../../gateway/room.ts';
import { resolvers } from './resolvers.ts';
import { openKafka } from './store.ts';

/** Kafka: where every event is, and how far each derived store has followed. */
export const kafka: Room = {
  name: 'kafka',
  resolvers,
  open({ settings, sinks }) {
    return { store: openKafka(settings.kafka, sinks) };
  },
};

import type { Room } from '../../gateway/room.ts';
import { resolvers } from './resolvers.ts';
import { mongoSource } from './source.ts';
import { openMongo } from './store.ts';

/** MongoDB: the source of truth of posts and comments, each post with its own outbox. */
export const mongo: Room = {
  name: 'mongo',
  resolvers,
  open({ settings }) {
    const store = openMongo(settings.mongo);
    return { store, source: mongoSource(store) };
  },
};

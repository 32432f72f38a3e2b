import type { Room } from '../../gateway/room.ts';
import { isWithoutPosts, usedUploads } from './queries.ts';
import { resolvers } from './resolvers.ts';
import { mongoSource } from './source.ts';
import { openMongo } from './store.ts';

/** MongoDB: the source of truth of posts, what belongs to them, and profiles; each post and profile with its own outbox. */
export const mongo: Room = {
  name: 'mongo',
  resolvers,
  uploads: 'uses',
  hides: true,
  open({ settings }) {
    const store = openMongo(settings.mongo);
    return {
      ...{ store, source: mongoSource(store) },
      usedUploads: (ids) => usedUploads(store, ids),
      isWithoutDocuments: () => isWithoutPosts(store),
    };
  },
};

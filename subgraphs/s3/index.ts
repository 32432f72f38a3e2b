import type { Room } from '../../gateway/room.ts';
import { type EventType, eventTypes } from '../../schema/events/index.ts';
import { removeUploads } from './commands.ts';
import { findUploads, uploadsBefore } from './queries.ts';
import { resolvers } from './resolvers.ts';
import { s3Sink } from './sink.ts';
import { openS3 } from './store.ts';

/** S3: posters, videos, what users upload, and the lake of all raw events. */
export const s3: Room = {
  name: 's3',
  resolvers,
  consumes: Object.keys(eventTypes) as EventType[],
  uploads: 'keeps',
  open({ settings }) {
    const store = openS3(settings.s3);
    return {
      store,
      sink: s3Sink(store),
      uploads: {
        find: (ids) => findUploads(store, ids),
        storedBefore: (time) => uploadsBefore(store, time),
        remove: (ids) => removeUploads(store, ids),
      },
    };
  },
};

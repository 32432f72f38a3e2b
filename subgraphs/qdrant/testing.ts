import { randomUUID } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { readSettings } from '../../config.ts';
import type { SinkBatch } from '../../fanout/sink.ts';
import type { EventData, EventType, StreamEvent, StreamEventOf } from '../../schema/events/index.ts';
import { type Embedder, openEmbedder } from './embeddings/embedder.ts';
import { type CollectionName, pointId } from './points.ts';
import { openQdrant, type QdrantStore } from './store.ts';

/** Points of the shared collections that are one test's alone. */
export interface OwnCorner extends AsyncDisposable {
  store: QdrantStore;
  embedder: Embedder;
  /** The id of a new movie, post or user. */
  id(): string;
  /** A point as it is stored; null where there is none. */
  read(collection: CollectionName, id: string): Promise<{ payload: object; vector: number[] | object } | null>;
}

/** Opens a corner on the migrated collections; it is swept at the end. */
export async function openCorner(): Promise<OwnCorner> {
  const settings = readSettings();
  const embedder = openEmbedder(settings.embeddings);
  const store = openQdrant(settings.qdrant, embedder);
  await store.migrate();
  const ids: string[] = [];
  return {
    store,
    embedder,
    id() {
      const id = `own-${randomUUID()}`;
      ids.push(id);
      return id;
    },
    async read(collection, id) {
      const [point] = await store.call('test', (client) =>
        client.retrieve(collection, { ids: [pointId(id)], with_vector: true }),
      );
      return point ? { payload: point.payload as object, vector: point.vector as number[] | object } : null;
    },
    async [Symbol.asyncDispose]() {
      for (const collection of ['movies', 'posts', 'viewers']) {
        const points = ids.map(pointId);
        await store.call('test', (client) => client.delete(collection, { wait: true, points }));
      }
      await store.close();
    },
  };
}

/** A movie's n-th version. */
export function movieChanged(
  movieId: string,
  version: number,
  data: Partial<EventData<'movie.changed'>> = {},
): StreamEventOf<'movie.changed'> {
  return event('movie.changed', version, {
    movieId,
    title: `Movie ${version}`,
    synopsis: 'Somebody wants something and cannot have it.',
    releaseYear: 2000,
    runtimeMinutes: 100,
    genres: [],
    tags: [],
    ...data,
  });
}

/** A post's n-th version. */
export function postChanged(
  postId: string,
  version: number,
  data: Partial<EventData<'post.changed'>> = {},
): StreamEventOf<'post.changed'> {
  return event('post.changed', version, {
    postId,
    authorId: 'u1',
    movieId: null,
    title: `Post ${version}`,
    body: 'I have seen it twice.',
    attachments: [],
    tags: [],
    createdAt: '2026-10-02T20:00:00.000Z',
    editedAt: null,
    ...data,
  });
}

export const postDeleted = (postId: string, version: number): StreamEventOf<'post.deleted'> =>
  event('post.deleted', version, {
    postId,
    authorId: 'u1',
    movieId: null,
    deletedAt: '2026-10-03T20:00:00.000Z',
  });

/** A watch of a movie. */
export function watched(userId: string, movieId: string, watchedAt = new Date()): StreamEventOf<'watch.recorded'> {
  const at = watchedAt.toISOString();
  return event('watch.recorded', 1, {
    ...{ userId, movieId, action: 'PLAY', watchedAt: at, positionSeconds: 0, durationSeconds: 0 },
    ...{ device: 'WEB', quality: 'HD' },
    playback: { lastWatchedAt: at, previousWatchedAt: null, positionSeconds: 0, completed: false },
  });
}

function event<T extends EventType>(type: T, version: number, data: EventData<T>): StreamEventOf<T> {
  const { userId, movieId, postId } = data as { userId?: string; movieId?: string; postId?: string };
  const subject = userId ? `${userId}/${movieId}` : String(movieId ?? postId);
  return {
    specversion: '1.0',
    id: uuidv7(),
    source: '/streamshop/postgres',
    type,
    subject,
    time: new Date().toISOString(),
    version,
    actor: null,
    data,
  };
}

/** A batch of these events; Qdrant's sink looks neither at the topic nor at the offsets. */
export const batchOf = (events: readonly StreamEvent[]): SinkBatch => ({
  ...{ topic: 'movie_events', partition: 0, firstOffset: 0n, nextOffset: BigInt(events.length) },
  events,
});

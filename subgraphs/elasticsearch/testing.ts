import { randomUUID } from 'node:crypto';
import { readSettings } from '../../config.ts';
import type { SinkBatch } from '../../fanout/sink.ts';
import { openTestRoom, type TestRoom } from '../../gateway/testing.ts';
import type { EventData, EventType, StreamEvent, StreamEventOf } from '../../schema/events/index.ts';
import { elasticsearch } from './index.ts';
import { type Definitions, definitions } from './indices.ts';
import { elasticsearchSink } from './sink.ts';
import { type ElasticsearchStore, openElasticsearch } from './store.ts';

export interface OwnIndices extends TestRoom {
  store: ElasticsearchStore;
  sink: ReturnType<typeof elasticsearchSink>;
  /** The ids of the documents that a search in an index or alias finds. */
  find(index: string, query: object): Promise<string[]>;
}

/** The room on indices of its own, deleted at the end, so that counts and rankings are the test's alone. */
export async function openOwnIndices(settings = readSettings().elasticsearch): Promise<OwnIndices> {
  const prefix = `test-${randomUUID().slice(0, 8)}`;
  const store = openElasticsearch(settings, renamed(prefix));
  const sink = elasticsearchSink(store);
  const room = await openTestRoom({ ...elasticsearch, open: () => ({ store, sink }) });
  return {
    ...room,
    store,
    sink,
    find: (index, query) =>
      store.call('GET _search', async (client, options) => {
        const { hits } = await client.search({ index, query, size: 1_000, sort: [{ id: 'asc' }] }, options);
        return hits.hits.map(({ _id }) => _id as string);
      }),
    async [Symbol.asyncDispose]() {
      await store.call('DELETE', async (client) => {
        const index = Object.keys(await client.indices.get({ index: `${prefix}-*` }));
        await client.indices.delete({ index });
        await client.indices.deleteIndexTemplate({ name: Object.values(store.definitions).map(({ alias }) => alias) });
      });
      await room[Symbol.asyncDispose]();
    },
  };
}

const renamed = (prefix: string): Definitions => ({
  movies: { ...definitions.movies, alias: `${prefix}-movies` },
  posts: { ...definitions.posts, alias: `${prefix}-posts` },
});

function event<T extends EventType>(
  type: T,
  { subject, data, version }: { subject: string; data: EventData<T>; version: number },
): StreamEventOf<T> {
  const source = type === 'movie.changed' ? '/streamshop/postgres' : '/streamshop/mongo';
  const time = new Date().toISOString();
  return { specversion: '1.0', id: randomUUID(), source, type, subject, time, version, actor: null, data };
}

export function movie(data: Partial<EventData<'movie.changed'>>, version = 1): StreamEventOf<'movie.changed'> {
  const movieId = data.movieId ?? 'm1';
  const whole = { title: 'A film', synopsis: '', releaseYear: 2000, runtimeMinutes: 90, genres: [], tags: [] };
  return event('movie.changed', { subject: movieId, data: { ...whole, ...data, movieId }, version });
}

export function post(data: Partial<EventData<'post.changed'>>, version = 1): StreamEventOf<'post.changed'> {
  const postId = data.postId ?? 'p1';
  const createdAt = new Date().toISOString();
  const whole = { authorId: 'u1', movieId: null, title: 'A post', body: '', attachments: [], tags: [] };
  return event('post.changed', {
    subject: postId,
    data: { ...whole, createdAt, editedAt: null, ...data, postId },
    version,
  });
}

export function postDeleted(postId: string, version: number): StreamEventOf<'post.deleted'> {
  const deletedAt = new Date().toISOString();
  const data = { postId, authorId: 'u1', movieId: null, deletedAt };
  return event('post.deleted', { subject: postId, data, version });
}

/** A batch of these events, as the consumer cuts it; this sink does not look at topic and offsets. */
export const batchOf = (...events: readonly StreamEvent[]): SinkBatch => ({
  topic: 'movie_events',
  partition: 0,
  firstOffset: 0n,
  nextOffset: BigInt(events.length),
  events,
});

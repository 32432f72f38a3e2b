import type { Room } from '../../gateway/room.ts';
import { openEmbedder } from './embeddings/embedder.ts';
import { resolvers } from './resolvers.ts';
import { qdrantSink } from './sink.ts';
import { openQdrant } from './store.ts';

/** Qdrant: what texts mean, as vectors. */
export const qdrant: Room = {
  name: 'qdrant',
  resolvers,
  consumes: ['movie.changed', 'post.changed', 'post.deleted'],
  open({ settings }) {
    const embedder = openEmbedder(settings.embeddings);
    const store = openQdrant(settings.qdrant, embedder);
    return { store, sink: qdrantSink(store, embedder) };
  },
};

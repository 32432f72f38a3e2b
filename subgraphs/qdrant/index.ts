import type { Room } from '../../gateway/room.ts';
import { openEmbedder } from './embeddings/embedder.ts';
import { resolvers } from './resolvers.ts';
import { qdrantSink } from './sink.ts';
import { openQdrant } from './store.ts';

/** Qdrant: what texts mean, as vectors, and what a viewer's films have in common. */
export const qdrant: Room = {
  name: 'qdrant',
  resolvers,
  consumes: ['movie.changed', 'post.changed', 'post.deleted', 'watch.recorded'],
  open({ settings }) {
    const embedder = openEmbedder(settings.embeddings);
    const store = openQdrant(settings.qdrant, embedder);
    return { store, sink: qdrantSink(store, embedder) };
  },
};

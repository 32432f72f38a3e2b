import type { Room } from '../../gateway/room.ts';
import { resolvers } from './resolvers.ts';
import { elasticsearchSink } from './sink.ts';
import { openElasticsearch } from './store.ts';

/** Elasticsearch: movies and posts by their words, tags and genres. */
export const elasticsearch: Room = {
  name: 'elasticsearch',
  resolvers,
  consumes: ['movie.changed', 'post.changed', 'post.deleted'],
  open({ settings }) {
    const store = openElasticsearch(settings.elasticsearch);
    return { store, sink: elasticsearchSink(store) };
  },
};

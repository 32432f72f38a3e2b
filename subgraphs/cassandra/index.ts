import type { Room } from '../../gateway/room.ts';
import { resolvers } from './resolvers.ts';
import { cassandraSink } from './sink.ts';
import { openCassandra } from './store.ts';

/** Cassandra: what each user did, and what those whom they follow wrote: one partition a user. */
export const cassandra: Room = {
  name: 'cassandra',
  resolvers,
  hides: true,
  consumes: ['watch.recorded', 'follow.changed', 'like.changed', 'post.changed', 'post.deleted', 'comment.added'],
  open({ settings }) {
    const store = openCassandra(settings.cassandra);
    return { store, sink: cassandraSink(store) };
  },
};

import type { Room } from '../../gateway/room.ts';
import { resolvers } from './resolvers.ts';
import { redisSessions } from './sessions.ts';
import { redisSink } from './sink.ts';
import { openRedis } from './store.ts';

/** Redis: counters of movies and posts, leaderboards, sessions and whom their users block. */
export const redis: Room = {
  name: 'redis',
  resolvers,
  sessions: 'keeps',
  consumes: ['watch.recorded', 'like.changed', 'block.changed', 'post.viewed', 'post.deleted'],
  open({ settings }) {
    const store = openRedis(settings.redis);
    return { store, sink: redisSink(store), sessions: redisSessions(store) };
  },
};

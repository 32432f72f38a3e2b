import type { Room } from '../../gateway/room.ts';
import { resolvers } from './resolvers.ts';
import { clickhouseSink } from './sink.ts';
import { openClickHouse } from './store.ts';

/** ClickHouse: what is counted over many watches, views, likes and comments. */
export const clickhouse: Room = {
  name: 'clickhouse',
  resolvers,
  hides: true,
  consumes: ['watch.recorded', 'post.changed', 'post.deleted', 'post.viewed', 'like.changed', 'comment.added'],
  open({ settings }) {
    const store = openClickHouse(settings.clickhouse);
    return { store, sink: clickhouseSink(store) };
  },
};

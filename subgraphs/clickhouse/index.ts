import type { Room } from '../../gateway/room.ts';
import { resolvers } from './resolvers.ts';
import { clickhouseSink } from './sink.ts';
import { openClickHouse } from './store.ts';

/** ClickHouse: what is counted over many watches. */
export const clickhouse: Room = {
  name: 'clickhouse',
  resolvers,
  consumes: ['watch.recorded'],
  open({ settings }) {
    const store = openClickHouse(settings.clickhouse);
    return { store, sink: clickhouseSink(store) };
  },
};

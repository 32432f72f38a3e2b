import type { Sink } from '../../fanout/sink.ts';
import { chunks, concurrently } from '../../gateway/batches.ts';
import type { StreamEvent, StreamEventOf } from '../../schema/events/index.ts';
import { deedOf } from './deeds.ts';
import { writeFacts } from './feed/facts.ts';
import { type FeedOptions, spread } from './feed/spread.ts';
import { socialRow } from './social-rows.ts';
import type { CassandraStore, Statement } from './store.ts';
import { verify } from './verify.ts';
import { watchRows } from './watch-rows.ts';

/** Keeps a batch below Cassandra's `batch_size_warn_threshold` of 5 KiB: an event is about 250 bytes in all its tables. */
const eventsPerBatch = 15;
/** Batches under way at a time: enough to share one fsync of the commit log, few enough for a small node. */
const concurrency = 32;

/** Writes by key, each write with a timestamp that the event decides: so any order and any repetition end alike. */
export function cassandraSink(store: CassandraStore, options: FeedOptions = {}): Sink {
  return {
    async apply({ events }) {
      // All rows of a user have the same partition key, in every table.
      const users = Map.groupBy(
        events.flatMap((event) => writesOf(store.keyspace, event)),
        ({ userId }) => userId,
      );
      const batches = [...users.values()].flatMap((writes) => [...chunks(writes, eventsPerBatch)]);
      await concurrently(concurrency, batches, (writes) => store.write(writes.flatMap(({ statements }) => statements)));
      await writeFacts(store, events);
      await spread(store, events, options);
    },
    probe: () =>
      store.write([
        { query: `INSERT INTO ${store.keyspace}.sink_probe (id, probed_at) VALUES ('probe', ?)`, params: [new Date()] },
      ]),
    verify: (source) => verify(store, source),
  };
}

interface UserWrites {
  userId: string;
  statements: Statement[];
}

/** What an event writes, all of it in one user's partitions; nothing where none of it is kept, or not any more. */
function writesOf(keyspace: string, event: StreamEvent): UserWrites[] {
  const writes = event.type === 'watch.recorded' ? watchWrites(keyspace, event) : socialWrites(keyspace, event);
  return writes && writes.statements.length > 0 ? [writes] : [];
}

const watchWrites = (keyspace: string, event: StreamEventOf<'watch.recorded'>): UserWrites => ({
  userId: event.data.userId,
  statements: watchRows(keyspace, event),
});

function socialWrites(keyspace: string, event: StreamEvent): UserWrites | undefined {
  const deed = deedOf(event);
  return deed && { userId: deed.userId, statements: socialRow(keyspace, event.id, deed) };
}

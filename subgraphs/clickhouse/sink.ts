import type { Sink } from '../../fanout/sink.ts';
import type { StreamEvent, StreamEventOf } from '../../schema/events/index.ts';
import { engagementRows, isKept, isKeptForTrending, likeRows, postRows, watchRow } from './rows.ts';
import type { ClickHouseStore } from './store.ts';
import { verify } from './verify.ts';

/**
 * Writes watches, posts, and what people do with posts: one INSERT a table and batch. A redelivered event is simply inserted
 * again: whoever counts, counts distinct event ids, or the newest version, and merges drop the copy some time later. So batches
 * may be cut and ordered in any way.
 */
export function clickhouseSink(store: ClickHouseStore): Sink {
  const insert = async (table: string, rows: readonly object[]) => {
    if (rows.length > 0) await store.insert(table, rows);
  };
  return {
    async apply({ events }) {
      const watches = events.filter(isWatch).map(watchRow);
      await insert(
        'movie_watch_events',
        watches.filter(({ watched_at }) => isKept(watched_at)),
      );
      const engagement = events.flatMap(engagementRows);
      await insert(
        'post_engagement_events',
        engagement.filter(({ happened_at }) => isKept(happened_at)),
      );
      await insert('posts', events.flatMap(postRows));
      const likes = events.flatMap(likeRows);
      await insert(
        'post_likes',
        likes.filter(({ changed_at }) => isKeptForTrending(changed_at)),
      );
    },
    probe: () => store.insert('sink_probe', [{ probed_at: new Date().toISOString() }]),
    verify: (source) => verify(store, source),
  };
}

const isWatch = (event: StreamEvent): event is StreamEventOf<'watch.recorded'> => event.type === 'watch.recorded';

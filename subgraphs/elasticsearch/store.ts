import { Client } from '@elastic/elasticsearch';
import type { Settings } from '../../config.ts';
import type { Context, RoomStore } from '../../gateway/room.ts';
import { createSeam } from '../../gateway/seam.ts';
import { type Definitions, definitions as ours } from './indices.ts';
import { migrate } from './migrate.ts';
import { isOutage } from './outage.ts';

/** What queries, the sink and migrations need of Elasticsearch. */
export interface ElasticsearchStore extends RoomStore {
  /** The indices as they should be; queries name their aliases. */
  definitions: Definitions;
  /** The longest that a call takes, and so the longest that a reader may still wait for an index's answer. */
  timeoutMs: number;
  /**
   * One request.
   * @param statement method and path, for those who observe
   * @param work makes it, and passes the options on to the client
   */
  call<T>(statement: string, work: (client: Client, options: { signal: AbortSignal }) => Promise<T>): Promise<T>;
}

export type RoomContext = Context<ElasticsearchStore>;

/** An index is made once: on a busy machine it may take longer than a page would wait. */
const migrationTimeoutMs = 30_000;

/**
 * Opens the client; the server need not be there. It speaks HTTP, so there is nothing to reconnect.
 * @param definitions other indices than the room's own; tests have theirs
 */
export function openElasticsearch(
  { url, timeoutMs }: Settings['elasticsearch'],
  definitions: Definitions = ours,
): ElasticsearchStore {
  // A page would rather have an error at once than wait for another try. The deadline is the seam's.
  const client = new Client({ node: url, maxRetries: 0, requestTimeout: 2 * migrationTimeoutMs });
  const callWithin = (timeoutMs: number): ElasticsearchStore['call'] => {
    const seam = createSeam({ store: 'elasticsearch', timeoutMs, isOutage });
    return (statement, work) => seam(statement, (signal) => work(client, { signal }));
  };
  const store: ElasticsearchStore = {
    definitions,
    timeoutMs,
    call: callWithin(timeoutMs),
    async ping() {
      await store.call('GET /', (client, options) => client.info({}, options));
    },
    migrate: () => migrate({ ...store, call: callWithin(migrationTimeoutMs) }),
    close: () => client.close(),
  };
  return store;
}

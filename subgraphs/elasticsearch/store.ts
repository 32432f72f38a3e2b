import { Client } from '@elastic/elasticsearch';
import type { Settings } from '../../config.ts';
import { requestInShell } from '../../gateway/json-request.ts';
import type { Context, RoomStore } from '../../gateway/room.ts';
import { createSeam, type Statement } from '../../gateway/seam.ts';
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
   * @param statement method, path and body, as Kibana's Dev Tools take them
   * @param work makes it, and passes the options on to the client
   */
  call<T>(
    statement: string | Statement<T>,
    work: (client: Client, options: { signal: AbortSignal }) => Promise<T>,
  ): Promise<T>;
}

export type RoomContext = Context<ElasticsearchStore>;

/** The client would tell of each request once more; the seam has told of it already. */
const untraced = { openTelemetry: { enabled: false } };

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
  const seam = createSeam({ store: 'elasticsearch', timeoutMs, isOutage, inShell: requestInShell });
  const call: ElasticsearchStore['call'] = (statement, work) =>
    seam(statement, (signal) => work(client, { signal, ...untraced }));
  const callPatiently: ElasticsearchStore['call'] = (statement, work) => {
    const asked = typeof statement === 'string' ? { text: statement } : statement;
    return call({ ...asked, timeoutMs: migrationTimeoutMs }, work);
  };
  const store: ElasticsearchStore = {
    definitions,
    timeoutMs,
    call,
    async ping() {
      await call({ text: 'GET /', isRead: true }, (client, options) => client.info({}, options));
    },
    migrate: () => migrate({ ...store, call: callPatiently }),
    close: () => client.close(),
  };
  return store;
}

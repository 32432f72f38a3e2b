import type { Sink } from '../../fanout/sink.ts';
import { forEach, ndjsonRequest, placeholder } from '../../gateway/json-request.ts';
import { bulk, refused } from './bulk.ts';
import { documentOf } from './documents.ts';
import { probeIndex } from './migrate.ts';
import type { ElasticsearchStore } from './store.ts';
import { verify } from './verify.ts';

/**
 * Indexes movies and posts, one bulk request a batch. Each document carries its aggregate's version as its external
 * version: Elasticsearch refuses what is not newer, so batches may come again, cut and ordered in any way.
 */
export function elasticsearchSink(store: ElasticsearchStore): Sink {
  return {
    async apply({ events }) {
      const writes = events
        .map(documentOf)
        .filter((document) => document !== null)
        // By the alias: it is looked up as the write arrives, so that none goes to an index that is no longer read.
        .map(({ kind, ...document }) => ({ index: store.definitions[kind].alias, ...document }));
      if (writes.length === 0) return;
      const refusals = await bulk(store, writes, { refresh: 'wait_for' });
      if (refusals.length > 0) throw refused(refusals);
    },

    probe: () => probe(store),
    verify: (source) => verify(store, source),
  };
}

const probing = ndjsonRequest('POST /_bulk', [
  { index: { _index: probeIndex, _id: 'probe' } },
  { probedAt: placeholder('probedAt') },
  ...forEach('aliases', { delete: { _index: placeholder('alias'), _id: 'sink-probe' } }),
]);

/**
 * Writes to an index of its own, which shows that there is room; and deletes what never was from the others, which shows
 * that they take writes: a disk that is full still allows deletions, and a migration holds all writes back for a moment.
 */
async function probe(store: ElasticsearchStore): Promise<void> {
  const aliases = Object.values(store.definitions).map(({ alias }) => alias);
  const parameters = { probedAt: new Date().toISOString(), aliases };
  const operations = probing.bodyOf(parameters);
  const { items } = await store.call({ text: probing.text, parameters }, (client, options) =>
    client.bulk({ operations }, options),
  );
  const error = items.flatMap((item) => Object.values(item)).find(({ error }) => error)?.error;
  if (error) throw new Error(`${error.type}: ${error.reason}`);
}

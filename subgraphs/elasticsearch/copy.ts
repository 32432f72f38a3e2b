import type { estypes } from '@elastic/elasticsearch';
import { jsonRequest, placeholder } from '../../gateway/json-request.ts';
import { bulk, makeFindable, refused } from './bulk.ts';
import type { ElasticsearchStore } from './store.ts';

const documentsPerPage = 500;
const hitsOf = ({ hits }: estypes.SearchResponse<object>) => hits.hits.length;

/** From the first sequence number on. */
export const fromTheBeginning = -1;

/**
 * Copies what was written to an index after a sequence number, in the order in which it was written, with the versions it
 * has: what the other index has in a newer version stays. A document that is written again meanwhile moves to the end and
 * is met there.
 * @returns how many documents it read
 * @throws Error when the other index refuses one
 */
export async function copyAfter(
  store: ElasticsearchStore,
  { from, to }: { from: string; to: string },
  sequenceNumber: number,
): Promise<number> {
  const { text, bodyOf } = jsonRequest(`POST /${from}/_search?allow_partial_search_results=false`, {
    size: documentsPerPage,
    query: { range: { _seq_no: { gt: placeholder('after') } } },
    sort: [{ _seq_no: 'asc' as const }],
    version: true,
    track_total_hits: false,
  });
  let after = sequenceNumber;
  let count = 0;
  while (true) {
    const parameters = { after };
    const { hits } = await store.call({ text, parameters, isRead: true, rowsOf: hitsOf }, (client, options) =>
      client.search<object>({ index: from, allow_partial_search_results: false, ...bodyOf(parameters) }, options),
    );
    const writes = hits.hits.map(({ _id, _version, _source }) => ({
      index: to,
      id: _id as string,
      version: _version as number,
      source: _source as object,
    }));
    if (writes.length === 0) return count;
    const refusals = await bulk(store, writes, { refresh: false });
    if (refusals.length > 0) throw refused(refusals);
    count += writes.length;
    after = Number(hits.hits.at(-1)?.sort?.[0]);
  }
}

/**
 * The sequence number up to which everything is written; what is under way at this moment may have any number above it.
 * @returns it, once a search finds all that
 */
export async function findableUpTo(store: ElasticsearchStore, index: string): Promise<number> {
  const stats = await store.call({ text: `GET /${index}/_stats/docs?level=shards`, isRead: true }, (client, options) =>
    client.indices.stats({ index, level: 'shards', metric: 'docs' }, options),
  );
  const copies = Object.values(stats.indices?.[index]?.shards ?? {}).flat();
  const primary = copies.find(({ routing }) => routing?.primary);
  await makeFindable(store, [index]);
  return primary?.seq_no?.local_checkpoint ?? fromTheBeginning;
}

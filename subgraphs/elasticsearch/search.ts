import type { estypes } from '@elastic/elasticsearch';
import { forEach, type JsonRequest, ndjsonRequest } from '../../gateway/json-request.ts';
import type { ElasticsearchStore } from './store.ts';

/** One search's answer, as far as it is used here. */
export interface Answer<Aggregations> {
  hits: { total?: number | { value: number }; hits: { _id?: string }[] };
  aggregations?: Aggregations;
}

/** A search of one index, which many keys share a request of. */
export interface SharedSearch {
  /** The request on an index. */
  on(index: string): JsonRequest<estypes.MsearchRequestItem[]>;
}

/** @param search makes the search of an index, with placeholders for what is a key's own: a key's fields */
export function sharedSearch(search: (index: string) => estypes.SearchSearchRequestBody): SharedSearch {
  // Rather an error than an answer that lacks what a shard did not tell.
  const header = { allow_partial_search_results: false };
  const known = new Map<string, JsonRequest<estypes.MsearchRequestItem[]>>();
  return {
    on(index) {
      const request =
        known.get(index) ?? ndjsonRequest(`POST /${index}/_msearch`, forEach('searches', header, search(index)));
      known.set(index, request);
      return request;
    },
  };
}

/**
 * Searches an index once for each key, in one request.
 * @returns the answers, in the same order
 * @throws STORE_ERROR or STORE_UNAVAILABLE when one of them has none
 */
export async function searchAll<Aggregations = undefined>(
  store: ElasticsearchStore,
  { search, index, keys }: { search: SharedSearch; index: string; keys: readonly object[] },
): Promise<Answer<Aggregations>[]> {
  const { text, bodyOf } = search.on(index);
  const parameters = { searches: keys };
  return await store.call<Answer<Aggregations>[]>(
    { text, parameters, isRead: true, rowsOf: hitsOf },
    async (client, options) => {
      const { responses } = await client.msearch({ index, searches: bodyOf(parameters) }, options);
      return responses.map((response) => {
        if (!('error' in response)) return response as Answer<Aggregations>;
        const { type, reason } = response.error;
        // The request as a whole is 200 then; whoever judges outages looks for this status.
        throw Object.assign(new Error(`${type}: ${reason}`), { statusCode: response.status });
      });
    },
  );
}

const hitsOf = (answers: Answer<unknown>[]) => answers.reduce((sum, { hits }) => sum + hits.hits.length, 0);

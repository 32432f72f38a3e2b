import type { estypes } from '@elastic/elasticsearch';
import type { ElasticsearchStore } from './store.ts';

/** One search's answer, as far as it is used here. */
export interface Answer<Aggregations> {
  hits: { total?: number | { value: number }; hits: { _id?: string }[] };
  aggregations?: Aggregations;
}

/**
 * Runs several searches of one index in one request.
 * @returns their answers, in the same order
 * @throws STORE_ERROR or STORE_UNAVAILABLE when one of them has none
 */
export async function searchAll<Aggregations = undefined>(
  store: ElasticsearchStore,
  index: string,
  searches: readonly estypes.SearchSearchRequestBody[],
): Promise<Answer<Aggregations>[]> {
  return await store.call(`POST /${index}/_msearch`, async (client, options) => {
    // Rather an error than an answer that lacks what a shard did not tell.
    const header = { allow_partial_search_results: false };
    const { responses } = await client.msearch(
      { index, searches: searches.flatMap((body) => [header, body]) },
      options,
    );
    return responses.map((response) => {
      if (!('error' in response)) return response as Answer<Aggregations>;
      const { type, reason } = response.error;
      // The request as a whole is 200 then; whoever judges outages looks for this status.
      throw Object.assign(new Error(`${type}: ${reason}`), { statusCode: response.status });
    });
  });
}

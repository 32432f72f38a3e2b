import type { estypes } from '@elastic/elasticsearch';
import { codedError } from '../../gateway/errors.ts';
import { forEach, ndjsonRequest, placeholder } from '../../gateway/json-request.ts';
import { isBusy } from './outage.ts';
import type { ElasticsearchStore } from './store.ts';

/** A document as it is to be, unless the index has it in this version or a newer one. */
export interface Write {
  /** An index, or an alias of one. */
  index: string;
  id: string;
  version: number;
  source: object;
}

/** A write that an index did not take. */
export interface Refusal {
  write: Write;
  /** Elasticsearch's name for the error, such as `document_parsing_exception`. */
  type: string;
  reason: string;
}

type Line = estypes.BulkOperationContainer | object;

const line: Line = {
  index: {
    ...{ _index: placeholder('index'), _id: placeholder('id'), version: placeholder('version') },
    version_type: 'external',
  },
};
const requestWith = (query: string) =>
  ndjsonRequest<Line>(`POST /_bulk?${query}`, forEach('writes', line, placeholder('source')));
const outcomeOnly = 'filter_path=items.*.status,items.*.error';
const requests = {
  wait_for: requestWith(`refresh=wait_for&${outcomeOnly}`),
  false: requestWith(`refresh=false&${outcomeOnly}`),
};

/**
 * Writes documents in one request. That an index has the same version or a newer one already is a success (409).
 * @param refresh whether to wait until a search finds them
 * @returns those that were refused
 * @throws STORE_UNAVAILABLE when an index can take none now, whatever is in it; the others may be written
 */
export async function bulk(
  store: ElasticsearchStore,
  writes: readonly Write[],
  { refresh }: { refresh: 'wait_for' | false },
): Promise<Refusal[]> {
  const request = requests[`${refresh}`];
  const operations = request.bodyOf({ writes });
  const { items } = await store.call(
    { text: request.text, parameters: { writes }, rowsOf: ({ items }: estypes.BulkResponse) => items.length },
    (client, options) =>
      client.bulk({ operations, refresh, filter_path: ['items.*.status', 'items.*.error'] }, options),
  );
  const outcomes = writes.map((write, position) => ({ write, item: items[position]?.index }));
  const busy = outcomes.find(({ item }) => isBusy(item?.status));
  if (busy?.item?.error) {
    const reason = `${busy.write.index} takes no writes now: ${busy.item.error.type}: ${reasonOf(busy.item.error)}`;
    throw codedError('STORE_UNAVAILABLE', reason, { store: 'elasticsearch' });
  }
  const stale = outcomes.filter(({ item }) => item?.status === 409);
  // Whoever wrote that version may still be waiting for it to be found.
  if (refresh && stale.length > 0) await makeFindable(store, [...new Set(stale.map(({ write }) => write.index))]);
  return outcomes.flatMap(({ write, item }) =>
    item?.error && item.status !== 409 ? [{ write, type: item.error.type, reason: reasonOf(item.error) }] : [],
  );
}

/** Ends when a search finds all that was written before. */
export async function makeFindable(store: ElasticsearchStore, index: string[]): Promise<void> {
  await store.call(`GET /${index}/_refresh`, (client, options) => client.indices.refresh({ index }, options));
}

function reasonOf({ reason, caused_by }: estypes.ErrorCause): string {
  return [reason, caused_by?.reason].filter(Boolean).join(': ');
}

/** The refusals as one error. */
export function refused([first, ...others]: readonly Refusal[]): Error {
  const rest = others.length > 0 ? ` (and ${others.length} more)` : '';
  return new Error(`${first?.write.index} refuses ${first?.write.id}: ${first?.type}: ${first?.reason}${rest}`);
}

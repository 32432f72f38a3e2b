import type { QueryResult } from 'neo4j-driver';

/** The ids that a batch's keys name, each once. */
export const distinct = <Key>(keys: readonly Key[], idOf: (key: Key) => string) => [...new Set(keys.map(idOf))];

/** Each list is read as long as the longest that is wanted: LIMIT takes a parameter, but nothing of a row. */
export const longest = (keys: readonly { first: number }[]) => BigInt(Math.max(...keys.map(({ first }) => first)));

/** The list of each id, of an answer whose rows are an id and its list; a node that is not there has an empty one. */
export function listsById<Item>({ records }: QueryResult): (id: string) => Item[] {
  const lists = new Map(records.map((record) => [record.get(0) as string, record.get(1) as Item[]]));
  return (id) => lists.get(id) ?? [];
}

/** Each key's own part of its list. */
export function pick<Key extends { first: number }, Item>(
  result: QueryResult,
  keys: readonly Key[],
  idOf: (key: Key) => string,
): Item[][] {
  const listOf = listsById<Item>(result);
  return keys.map((key) => listOf(idOf(key)).slice(0, key.first));
}

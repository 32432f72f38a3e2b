/** The only value of a batched query that was asked for one key. */
export async function one<T>(values: Promise<readonly (T | Error)[]>): Promise<T> {
  return known((await values)[0] as T | Error);
}

/** A batched query's value. @throws what the query gives in its place */
export function known<T>(value: T | Error): T {
  if (value instanceof Error) throw value;
  return value;
}

/** Asks a batched query where there is a key to ask for. */
export const forAny = async <Key, Value>(
  keys: readonly Key[],
  query: (keys: readonly Key[]) => Promise<readonly Value[]>,
): Promise<readonly Value[]> => (keys.length > 0 ? await query(keys) : []);

/** The ids without repetition, and without the one that is asked about anyway: the graph's loaders ask once as well. */
export const besides = (id: string, ids: readonly string[]) => [...new Set(ids)].filter((other) => other !== id);

import { chunks } from '../../gateway/batches.ts';

/** A request's URL carries the ids, and an HTTP server bounds a URL: 200 UUIDs take 9 kB. */
const idsPerStatement = 200;

/** Longer than any id of ours: there is nothing to ask about it. */
const longestId = 128;

/** How keys share statements. */
export interface Batch<Key, Value> {
  /** The arguments of a key as text: keys with the same ones share a statement. */
  argumentsOf(key: Key): string;
  /** Runs the statement for several ids with the arguments of `key`; an id without rows may be absent. */
  run(ids: readonly string[], key: Key): Promise<ReadonlyMap<string, Value>>;
  /** The value of an id without rows. */
  none: Value;
}

/**
 * Answers keys with as few statements as can be: one for each distinct set of arguments.
 * @returns the values in the order of `keys`
 */
export async function answer<Key extends { id: string }, Value>(
  keys: readonly Key[],
  { argumentsOf, run, none }: Batch<Key, Value>,
): Promise<Value[]> {
  const askable = keys.filter(({ id }) => id.length <= longestId);
  const groups = [...Map.groupBy(askable, argumentsOf).values()].flatMap((keys) => [...chunks(keys, idsPerStatement)]);
  const values = new Map<Key, Value>();
  await Promise.all(
    groups.map(async (group) => {
      const found = await run(
        group.map(({ id }) => id),
        group[0] as Key,
      );
      for (const key of group) values.set(key, found.get(key.id) ?? none);
    }),
  );
  return keys.map((key) => values.get(key) ?? none);
}

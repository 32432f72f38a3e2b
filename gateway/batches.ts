/**
 * Does `work` for every item, for at most `limit` of them at a time; ends with the first failure, once nothing is under way
 * any more.
 */
export async function concurrently<Item>(
  limit: number,
  items: Iterable<Item>,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  // All workers draw from one iterator.
  const remaining = Iterator.from(items);
  let failure: { error: unknown } | undefined;
  const worker = async () => {
    for (let next = remaining.next(); !next.done && !failure; next = remaining.next()) {
      await work(next.value).catch((error: unknown) => {
        failure ??= { error };
      });
    }
  };
  await Promise.all(Array.from({ length: limit }, worker));
  if (failure) throw failure.error;
}

/** The items in chunks of at most `size`, read as they are wanted. */
export function* chunks<Item>(items: Iterable<Item>, size: number): Generator<Item[]> {
  let chunk: Item[] = [];
  for (const item of items) {
    chunk.push(item);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

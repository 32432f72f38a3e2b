/**
 * Does `work` for every item, for at most `limit` of them at a time.
 * @throws what the first failing `work` throws
 */
export async function concurrently<Item>(
  limit: number,
  items: Iterable<Item>,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  // All workers draw from one iterator.
  const remaining = Iterator.from(items);
  const worker = async () => {
    for (let next = remaining.next(); !next.done; next = remaining.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: limit }, worker));
}

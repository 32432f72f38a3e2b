import type { Difference } from '../../fanout/sink.ts';
import type { Statement } from '../../gateway/seam.ts';
import { seenKey } from './seen.ts';
import { type RedisStore, replies } from './store.ts';

/** Those of the events that are in no set of seen ids. */
export async function notSeen(store: RedisStore, eventIds: readonly string[]): Promise<string[]> {
  const days = [...Map.groupBy(eventIds, seenKey)];
  if (days.length === 0) return [];
  const parameters = { key: days.map(([key]) => key), eventId: days.map(([, ids]) => ids) };
  return store.call({ text: 'SMISMEMBER <key> <eventId> …\n…', parameters, isRead: true }, async (redis) => {
    const pipeline = redis.pipeline();
    for (const [key, ids] of days) pipeline.smismember(key, ...ids);
    const members = (await replies(pipeline)) as number[][];
    return days.flatMap(([, ids], day) => ids.filter((_, index) => members[day]?.[index] !== 1));
  });
}

const keysPerScan = 1_000;

/** All keys that begin alike, in pages; a key may come twice. */
async function* keysOf(store: RedisStore, prefix: string): AsyncGenerator<string[]> {
  let cursor = '0';
  do {
    const statement: Statement<[cursor: string, keys: string[]]> = {
      text: `SCAN <cursor> MATCH ${prefix}* COUNT ${keysPerScan}`,
      parameters: { cursor },
      isRead: true,
      rowsOf: ([, found]) => found.length,
    };
    const [next, found] = await store.call(statement, (redis) =>
      redis.scan(cursor, 'MATCH', `${prefix}*`, 'COUNT', keysPerScan),
    );
    if (found.length > 0) yield found;
    cursor = next;
  } while (cursor !== '0');
}

/** The counters whose keys begin alike, by what follows. */
export async function counters(store: RedisStore, prefix: string): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for await (const found of keysOf(store, prefix)) {
    const values = await store.call({ text: 'MGET <key> …', parameters: { key: found }, isRead: true }, (redis) =>
      redis.mget(found),
    );
    for (const [index, key] of found.entries()) counts.set(key.slice(prefix.length), Number(values[index]));
  }
  return counts;
}

/** How many edges hold, of all the sorted sets of versions whose keys begin alike, by what follows. */
export async function edgeCounts(store: RedisStore, prefix: string): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for await (const found of keysOf(store, prefix)) {
    const values = await store.call(
      { text: 'ZCOUNT <key> 1 +inf\n…', parameters: { key: found }, isRead: true },
      async (redis) => {
        const pipeline = redis.pipeline();
        for (const key of found) pipeline.zcount(key, 1, '+inf');
        return (await replies(pipeline)) as number[];
      },
    );
    for (const [index, key] of found.entries()) counts.set(key.slice(prefix.length), values[index] ?? 0);
  }
  return counts;
}

/**
 * Where counts by id differ.
 * @param kind what is counted, as in `views of post`
 */
export const countDifferences = (
  kind: string,
  expected: ReadonlyMap<string, number>,
  shown: ReadonlyMap<string, number>,
): Difference[] =>
  [...new Set([...expected.keys(), ...shown.keys()])].flatMap((id) => {
    const [count, actual] = [expected.get(id) ?? 0, shown.get(id) ?? 0];
    return actual === count ? [] : [{ what: `${kind} ${id}`, expected: String(count), actual: String(actual) }];
  });

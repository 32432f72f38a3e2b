import { someOf } from '../../fanout/differences.ts';
import type { Difference, Source } from '../../fanout/sink.ts';
import { keys } from './keys.ts';
import { mayBeForgotten, seenKey } from './seen.ts';
import { type RedisStore, replies } from './store.ts';

/** Compares views by movie, and the ids of the plays of the last days, with the source of truth. */
export async function verify(store: RedisStore, source: Source): Promise<Difference[]> {
  const differences = await compare(store, source);
  return Map.groupBy(differences, ({ what }) => what.split(' ')[0])
    .values()
    .flatMap(someOf)
    .toArray();
}

/** Every difference. */
export async function compare(store: RedisStore, source: Source): Promise<Difference[]> {
  const differences: Difference[] = [];
  const expected = new Map<string, number>();
  for await (const watches of source.watches()) {
    const plays = watches.filter(({ action }) => action === 'PLAY');
    for (const { movieId } of plays) expected.set(movieId, (expected.get(movieId) ?? 0) + 1);
    const missing = await notSeen(
      store,
      plays.map(({ eventId }) => eventId).filter((id) => !mayBeForgotten(id)),
    );
    for (const id of missing) differences.push({ what: `play ${id}`, expected: 'counted', actual: 'not counted' });
  }

  const counters = await viewsByMovie(store);
  const leaderboard = await leaderboardByMovie(store);
  for (const movieId of new Set([...expected.keys(), ...counters.keys(), ...leaderboard.keys()])) {
    const views = expected.get(movieId) ?? 0;
    for (const [kind, shown] of [
      ['views', counters],
      ['leaderboard', leaderboard],
    ] as const) {
      const actual = shown.get(movieId) ?? 0;
      if (actual !== views) {
        differences.push({ what: `${kind} of movie ${movieId}`, expected: String(views), actual: String(actual) });
      }
    }
  }
  return differences;
}

/** Those of the events that are in no set of seen ids. */
async function notSeen(store: RedisStore, eventIds: readonly string[]): Promise<string[]> {
  const days = [...Map.groupBy(eventIds, seenKey)];
  if (days.length === 0) return [];
  return store.call('SMISMEMBER seen:<day> <event id> …; …', async (redis) => {
    const pipeline = redis.pipeline();
    for (const [key, ids] of days) pipeline.smismember(key, ...ids);
    const members = (await replies(pipeline)) as number[][];
    return days.flatMap(([, ids], day) => ids.filter((_, index) => members[day]?.[index] !== 1));
  });
}

const keysPerScan = 1_000;

async function viewsByMovie(store: RedisStore): Promise<Map<string, number>> {
  const views = new Map<string, number>();
  let cursor = '0';
  do {
    const [next, found] = await store.call('SCAN <cursor> MATCH movie:views:* COUNT 1000', (redis) =>
      redis.scan(cursor, 'MATCH', keys.views('*'), 'COUNT', keysPerScan),
    );
    if (found.length > 0) {
      const counts = await store.call('MGET movie:views:<id> …', (redis) => redis.mget(found));
      for (const [index, key] of found.entries()) views.set(key.slice(keys.views('').length), Number(counts[index]));
    }
    cursor = next;
  } while (cursor !== '0');
  return views;
}

async function leaderboardByMovie(store: RedisStore): Promise<Map<string, number>> {
  const flat = await store.call('ZREVRANGE leaderboard:views 0 -1 WITHSCORES', (redis) =>
    redis.zrevrange(keys.leaderboard, 0, -1, 'WITHSCORES'),
  );
  return new Map(flat.flatMap((id, index) => (index % 2 === 0 ? [[id, Number(flat[index + 1])] as const] : [])));
}

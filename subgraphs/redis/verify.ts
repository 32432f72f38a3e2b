import { someOfEach } from '../../fanout/differences.ts';
import type { Difference, Source } from '../../fanout/sink.ts';
import { counters, notSeen } from './counted.ts';
import { keys } from './keys.ts';
import { mayBeForgotten } from './seen.ts';
import type { RedisStore } from './store.ts';
import { comparePosts } from './verify-posts.ts';

/** Compares the counters of movies and posts, and the ids that were counted in the last days, with the sources of truth. */
export async function verify(store: RedisStore, source: Source): Promise<Difference[]> {
  const differences = await compare(store, source);
  return someOfEach(differences, ({ what }) => /^(\w+ of \w+|\w+)/.exec(what)?.[0]);
}

/** Every difference. */
export async function compare(store: RedisStore, source: Source): Promise<Difference[]> {
  return [...(await comparePlays(store, source)), ...(await comparePosts(store, source))];
}

async function comparePlays(store: RedisStore, source: Source): Promise<Difference[]> {
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

  const views = await counters(store, keys.views(''));
  const leaderboard = await leaderboardByMovie(store);
  for (const movieId of new Set([...expected.keys(), ...views.keys(), ...leaderboard.keys()])) {
    const plays = expected.get(movieId) ?? 0;
    for (const [kind, shown] of [
      ['views', views],
      ['leaderboard', leaderboard],
    ] as const) {
      const actual = shown.get(movieId) ?? 0;
      if (actual !== plays) {
        differences.push({ what: `${kind} of movie ${movieId}`, expected: String(plays), actual: String(actual) });
      }
    }
  }
  return differences;
}

async function leaderboardByMovie(store: RedisStore): Promise<Map<string, number>> {
  const text = `ZREVRANGE ${keys.leaderboard} 0 -1 WITHSCORES`;
  const flat = await store.call({ text, isRead: true }, (redis) =>
    redis.zrevrange(keys.leaderboard, 0, -1, 'WITHSCORES'),
  );
  return new Map(flat.flatMap((id, index) => (index % 2 === 0 ? [[id, Number(flat[index + 1])] as const] : [])));
}

import type { Difference, Source } from '../../fanout/sink.ts';
import { countDifferences, counters, notSeen } from './counted.ts';
import { dayOf } from './days.ts';
import { keys } from './keys.ts';
import { leaderboardsOf } from './leaderboards.ts';
import { dayOfPlay } from './plays.ts';
import { mayBeForgotten } from './seen.ts';
import type { RedisStore } from './store.ts';

/**
 * Compares the views of each movie, on its counter and on every leaderboard that is or will be read, and the ids of the plays of
 * the last days.
 */
export async function comparePlays(store: RedisStore, source: Source): Promise<Difference[]> {
  const missing: Difference[] = [];
  const views = new Map<string, number>();
  // Those of today: its own, and those of the weeks that it is a day of, which hold earlier days as well.
  const passing = new Map(leaderboardsOf(dayOf(Date.now())).map(({ key }) => [key, new Map<string, number>()]));
  const known = new Map<number, Map<string, number>[]>();
  const passingOf = (day: number) => {
    const counts = known.get(day) ?? leaderboardsOf(day).flatMap(({ key }) => passing.get(key) ?? []);
    known.set(day, counts);
    return counts;
  };
  for await (const watches of source.watches()) {
    const plays = watches.filter(({ action }) => action === 'PLAY');
    for (const play of plays) {
      for (const counts of [views, ...passingOf(dayOfPlay(play))]) {
        counts.set(play.movieId, (counts.get(play.movieId) ?? 0) + 1);
      }
    }
    const recent = plays.map(({ eventId }) => eventId).filter((id) => !mayBeForgotten(id));
    for (const id of await notSeen(store, recent)) {
      missing.push({ what: `play ${id}`, expected: 'counted', actual: 'not counted' });
    }
  }

  const differences = [
    ...missing,
    ...countDifferences('views of movie', views, await counters(store, keys.views(''))),
    ...countDifferences('leaderboard of movie', views, await viewsOn(store, keys.leaderboard)),
  ];
  for (const [key, expected] of passing) {
    differences.push(...countDifferences(`${key} of movie`, expected, await viewsOn(store, key)));
  }
  return differences;
}

async function viewsOn(store: RedisStore, leaderboard: string): Promise<Map<string, number>> {
  const statement = { text: 'ZREVRANGE <key> 0 -1 WITHSCORES', parameters: { key: leaderboard }, isRead: true };
  const flat = await store.call(statement, (redis) => redis.zrevrange(leaderboard, 0, -1, 'WITHSCORES'));
  return new Map(flat.flatMap((id, index) => (index % 2 === 0 ? [[id, Number(flat[index + 1])] as const] : [])));
}

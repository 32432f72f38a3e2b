import { longestPage } from '../../gateway/arguments.ts';
import type { Statement } from '../../gateway/seam.ts';
import { keys, trendingHalfLifeMs } from './keys.ts';
import { type LeaderboardWindow, leaderboardKey } from './leaderboards.ts';
import { type RedisStore, replies } from './store.ts';

export interface MovieCounters {
  viewCount: number;
  /** 1 for the most viewed; null for a movie without a view. */
  rank: number | null;
}

/** Views of all time and the place on the leaderboard: both in one round trip, for a page that asks for one or for both. */
export async function movieCounters(store: RedisStore, movieIds: readonly string[]): Promise<MovieCounters[]> {
  const text = `MGET ${keys.views('<id>')} …\nZREVRANK ${keys.leaderboard} <id>\n…`;
  return store.call({ text, parameters: { id: movieIds }, isRead: true }, async (redis) => {
    const pipeline = redis.pipeline().mget(movieIds.map(keys.views));
    for (const id of movieIds) pipeline.zrevrank(keys.leaderboard, id);
    const [views, ...ranks] = (await replies(pipeline)) as [(string | null)[], ...(number | null)[]];
    return movieIds.map((_, index) => {
      const rank = ranks[index] ?? null;
      return { viewCount: Number(views[index] ?? 0), rank: rank === null ? null : rank + 1 };
    });
  });
}

export interface PostCounters {
  viewCount: number;
  likeCount: number;
}

/** Views of all time and the likes that hold now: both in one round trip, for a page that asks for one or for both. */
export async function postCounters(store: RedisStore, postIds: readonly string[]): Promise<PostCounters[]> {
  const text = `MGET ${keys.postViews('<id>')} …\nZCOUNT ${keys.postLikes('<id>')} 1 +inf\n…`;
  return store.call({ text, parameters: { id: postIds }, isRead: true }, async (redis) => {
    const pipeline = redis.pipeline().mget(postIds.map(keys.postViews));
    // Versions begin with 1, and are negative where the like was taken back.
    for (const id of postIds) pipeline.zcount(keys.postLikes(id), 1, '+inf');
    const [views, ...likes] = (await replies(pipeline)) as [(string | null)[], ...number[]];
    return postIds.map((_, index) => ({ viewCount: Number(views[index] ?? 0), likeCount: likes[index] ?? 0 }));
  });
}

export interface TrendingMovie {
  movieId: string;
  /** Views, each halved once a half-life since it happened. */
  score: number;
}

/**
 * The movies with the most decayed views. Scores are stored as weighed at the landmark, so that they need no rewriting as
 * time passes; here they are brought to now.
 * @param firsts how many movies
 */
export async function trendingMovies(store: RedisStore, firsts: readonly number[]): Promise<TrendingMovie[][]> {
  const last = Math.max(...firsts) - 1;
  const statement: Statement<TrendingMovie[][]> = {
    text: `MULTI\nGET ${keys.trendingLandmark}\nZREVRANGE ${keys.trending} 0 <last> WITHSCORES\nEXEC`,
    parameters: { last },
    isRead: true,
    rowsOf: (lists) => Math.max(...lists.map(({ length }) => length)),
  };
  return store.call(statement, async (redis) => {
    const transaction = redis.multi().get(keys.trendingLandmark).zrevrange(keys.trending, 0, last, 'WITHSCORES');
    const [landmark, flat] = (await replies(transaction)) as [string | null, string[]];
    const worthOfAViewNow = 2 ** ((Date.now() - Number(landmark)) / trendingHalfLifeMs);
    const movies = flat.flatMap((movieId, index) =>
      index % 2 === 0 ? [{ movieId, score: Number(flat[index + 1]) / worthOfAViewNow }] : [],
    );
    return firsts.map((first) => movies.slice(0, first));
  });
}

export interface RankedMovie {
  movieId: string;
  views: number;
}

/**
 * The most viewed movies of windows of time, most viewed first; of equal ones the later id comes first, as in `ZREVRANK`.
 * Always as many as anybody may ask for: so however many of a window a page wants here and there, it is one key.
 */
export async function leaderboards(store: RedisStore, windows: readonly LeaderboardWindow[]): Promise<RankedMovie[][]> {
  const now = Date.now();
  const key = windows.map((window) => leaderboardKey(window, now));
  const last = longestPage - 1;
  const statement: Statement<RankedMovie[][]> = {
    text: `ZREVRANGE <key> 0 ${last} WITHSCORES\n…`,
    parameters: { key },
    isRead: true,
    rowsOf: (lists) => lists.flat().length,
  };
  return store.call(statement, async (redis) => {
    const pipeline = redis.pipeline();
    for (const name of key) pipeline.zrevrange(name, 0, last, 'WITHSCORES');
    return ((await replies(pipeline)) as string[][]).map((flat) =>
      flat.flatMap((movieId, index) => (index % 2 === 0 ? [{ movieId, views: Number(flat[index + 1]) }] : [])),
    );
  });
}

import { connectionOf } from '../gateway/connection.ts';
import { moviePageOperation } from '../gateway/server.ts';
import { continueWatching, watchHistory } from '../subgraphs/cassandra/queries.ts';
import { topMovies, viewsLast24h, viewsPerHour } from '../subgraphs/clickhouse/queries.ts';
import { sinkProgress } from '../subgraphs/kafka/queries.ts';
import { moviesById, usersById } from '../subgraphs/postgres/queries.ts';
import { movieCounters, trendingMovies } from '../subgraphs/redis/queries.ts';
import { mediaOf } from '../subgraphs/s3/queries.ts';
import type { Page } from './page.ts';
import type { Stores } from './stores.ts';

const movieId = 'm101';
const posterSeconds = 3_600;
const streamSeconds = 900;

/** The movie page of Inception, as Alice. */
export const moviePage: Page = {
  name: 'movie-page',
  title: 'The movie page (Alice, Inception)',
  query: moviePageOperation,
  variables: { id: movieId },
  viewer: { userId: 'u123', scopes: [] },
  byHand,
};

/**
 * The page as one would write it without a graph: the same queries, each begun as soon as what it needs is there, and the
 * titles of all films that the lists name in one query.
 */
async function byHand(stores: Stores, token: string | undefined): Promise<object> {
  const { postgres, redis, clickhouse, s3, kafka } = stores;
  const trendingList = one(trendingMovies(redis, [5]));
  const topList = one(topMovies(clickhouse, [{ hours: 7 * 24, first: 5 }]));
  const viewerPart = readViewer(stores, token);
  const lists = Promise.all([trendingList, topList, viewerPart]);

  const [trending, top, viewer, films, ownMedia, otherMedia, movie, counters, lastDay, hours, progress] =
    await Promise.all([
      trendingList,
      topList,
      viewerPart,
      lists.then(([trending, top, { started, history }]) => {
        const others = [...trending, ...started, ...history.edges.map(({ node }) => node)];
        const ids = [...others.map(({ movieId }) => movieId), ...top.map(({ movie_id }) => movie_id)];
        return moviesById(postgres, besides(movieId, ids));
      }),
      readMedia(s3, [movieId]),
      trendingList.then((trending) =>
        readMedia(
          s3,
          besides(
            movieId,
            trending.map((each) => each.movieId),
          ),
        ),
      ),
      one(moviesById(postgres, [movieId])),
      one(movieCounters(redis, [movieId])),
      one(viewsLast24h(clickhouse, [movieId])),
      one(viewsPerHour(clickhouse, [{ id: movieId, last: 24 }])),
      one(sinkProgress(kafka, ['all'])),
    ]);
  const media = new Map([...ownMedia, ...otherMedia]);
  const titles = new Map([movie, ...films.map(known)].map(({ id, title }) => [id, title]));
  const titled = (id: string) => ({ id, title: titles.get(id) });

  return {
    movie: { ...movie, ...counters, viewsLast24h: lastDay, viewsPerHour: hours, ...media.get(movieId) },
    trendingMovies: trending.map(({ score, movieId }) => ({
      score,
      movie: { ...titled(movieId), posterUrl: media.get(movieId)?.posterUrl },
    })),
    topMovies: top.map(({ view_count, movie_id }) => ({ views: view_count, movie: titled(movie_id) })),
    me: {
      id: viewer.id,
      name: viewer.name,
      continueWatching: {
        edges: viewer.started.map(({ positionSeconds, lastWatchedAt, movieId }) => ({
          node: { positionSeconds, lastWatchedAt, movie: titled(movieId) },
        })),
      },
      watchHistory: {
        edges: viewer.history.edges.map(({ node: { action, watchedAt, movieId } }) => ({
          node: { action, watchedAt, movie: titled(movieId) },
        })),
        pageInfo: {
          hasNextPage: viewer.history.pageInfo.hasNextPage,
          endCursor: viewer.history.pageInfo.endCursor,
        },
      },
    },
    fanout: { sinks: progress.map(({ name, lag, deadLetters }) => ({ name, lag, deadLetters })) },
  };
}

/** The films' signed URLs; a video only where there is one. */
async function readMedia(s3: Stores['s3'], ids: readonly string[]) {
  const media = await mediaOf(s3, ids);
  const signed = media.map(async ({ poster, video }) => ({
    posterUrl: poster && (await s3.sign(poster, posterSeconds)),
    streamingUrl: video && (await s3.sign(video, streamSeconds)),
  }));
  const urls = await Promise.all(signed);
  return new Map(ids.map((id, index) => [id, urls[index]]));
}

/** What depends on who asks, and so comes after the session. */
async function readViewer({ sessions, postgres, cassandra }: Stores, token = '') {
  const viewer = await sessions.find(token);
  if (!viewer) throw new Error('the session has expired');
  const page = { userId: viewer.userId, first: 5, after: null };
  const [user, started, activities] = await Promise.all([
    one(usersById(postgres, [viewer.userId])),
    one(continueWatching(cassandra, [page])),
    one(watchHistory(cassandra, [page])),
  ]);
  const history = connectionOf(activities, page, ({ watchedAt, eventId }) => ({
    time: watchedAt.getTime(),
    id: eventId,
  }));
  return { id: user.id, name: user.name, started: started.slice(0, page.first), history };
}

/** The only value of a batched query that was asked for one key. */
async function one<T>(values: Promise<readonly (T | Error)[]>): Promise<T> {
  return known((await values)[0] as T | Error);
}

/** The ids without repetition, and without the one that the page asks about anyway: the graph's loaders ask once as well. */
const besides = (id: string, ids: readonly string[]) => [...new Set(ids)].filter((other) => other !== id);

function known<T>(value: T | Error): T {
  if (value instanceof Error) throw value;
  return value;
}

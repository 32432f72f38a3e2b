import { connectionOf } from '../../gateway/connection.ts';
import type { Viewer } from '../../gateway/request.ts';
import { continueWatching, watchHistory } from '../../subgraphs/cassandra/queries.ts';
import { topMovies } from '../../subgraphs/clickhouse/queries.ts';
import { relatedMovies } from '../../subgraphs/elasticsearch/queries.ts';
import { moviesById } from '../../subgraphs/postgres/queries.ts';
import { similarMovies } from '../../subgraphs/qdrant/queries.ts';
import { trendingMovies } from '../../subgraphs/redis/queries.ts';
import { besides, known, one } from '../answers.ts';
import { readPosters } from '../media.ts';
import { titledBy } from '../names.ts';
import type { Stores } from '../stores.ts';
import type { Film } from './film.ts';

const page = { first: 5, after: null };

/**
 * The page's six lists of films, with the titles of all the films that they name in one query, and the posters of those that trend.
 * @param film the page's own, which lists may name as well; it is not asked for again
 */
export async function readLists(stores: Stores, film: Promise<Film>, { movieId, viewer }: ListsOf) {
  const trendingList = one(trendingMovies(stores.redis, [page.first]));
  const lists = Promise.all([
    trendingList,
    one(topMovies(stores.clickhouse, [{ hours: 7 * 24, first: page.first }])),
    one(relatedMovies(stores.elasticsearch, [{ id: movieId, first: page.first }])),
    one(similarMovies(stores.qdrant, [{ id: movieId, first: page.first, genre: null, yearFrom: null, yearTo: null }])),
    viewer.then(({ userId }) => readWatches(stores, userId)),
  ]);
  const [[trending, top, related, similar, { started, history }], films, posters, own] = await Promise.all([
    lists,
    lists.then(([trending, top, related, similar, { started, history }]) => {
      const named = [...trending, ...similar, ...started, ...history.edges.map(({ node }) => node)];
      const ids = [...named.map(({ movieId }) => movieId), ...top.map(({ movie_id }) => movie_id), ...related];
      return moviesById(stores.postgres, besides(movieId, ids));
    }),
    trendingList.then((trending) => {
      const ids = trending.map(({ movieId }) => movieId);
      return readPosters(stores.s3, besides(movieId, ids));
    }),
    film,
  ]);

  const titled = titledBy([own, ...films.map(known)]);
  const posterOf = (id: string) => (id === movieId ? own.posterUrl : posters.get(id));
  const { hasNextPage, endCursor } = history.pageInfo;
  return {
    related: related.map(titled),
    similar: similar.map(({ score, movieId }) => ({ score, movie: titled(movieId) })),
    trendingMovies: trending.map(({ score, movieId }) => ({
      score,
      movie: { ...titled(movieId), posterUrl: posterOf(movieId) },
    })),
    topMovies: top.map(({ view_count, movie_id }) => ({ views: view_count, movie: titled(movie_id) })),
    continueWatching: {
      edges: started.map(({ positionSeconds, lastWatchedAt, movieId }) => ({
        node: { positionSeconds, lastWatchedAt, movie: titled(movieId) },
      })),
    },
    watchHistory: {
      edges: history.edges.map(({ node: { action, watchedAt, movieId } }) => ({
        node: { action, watchedAt, movie: titled(movieId) },
      })),
      pageInfo: { hasNextPage, endCursor },
    },
  };
}

interface ListsOf {
  movieId: string;
  viewer: Promise<Viewer>;
}

/** What the viewer has begun to watch, and has watched. */
async function readWatches({ cassandra }: Stores, userId: string) {
  const [started, activities] = await Promise.all([
    one(continueWatching(cassandra, [{ userId, ...page }])),
    one(watchHistory(cassandra, [{ userId, ...page }])),
  ]);
  const placeOf = ({ watchedAt, eventId }: (typeof activities)[number]) => ({ time: watchedAt.getTime(), id: eventId });
  return { started: started.slice(0, page.first), history: connectionOf(activities, page, placeOf) };
}

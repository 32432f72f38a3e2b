import { sessionKeyOf } from '../gateway/sessions.ts';
import { continueWatching, watchHistory } from '../subgraphs/cassandra/queries.ts';
import { topMovies, viewsLast24h, viewsPerHour } from '../subgraphs/clickhouse/queries.ts';
import { relatedMovies } from '../subgraphs/elasticsearch/queries.ts';
import { sinkProgress } from '../subgraphs/kafka/queries.ts';
import { commentsByPost, discussions } from '../subgraphs/mongo/queries.ts';
import { friendsWhoWatched } from '../subgraphs/neo4j/queries.ts';
import { moviesById, usersById } from '../subgraphs/postgres/queries.ts';
import { similarMovies } from '../subgraphs/qdrant/queries.ts';
import { playbackQuality } from '../subgraphs/questdb/queries.ts';
import { movieCounters, postCounters, trendingMovies } from '../subgraphs/redis/queries.ts';
import { readMedia, readPosters } from './media.ts';
import type { Stores } from './stores.ts';

/** What a store is asked for on the movie page, where other stores' answers say so. */
export interface PageKeys {
  movieId: string;
  viewerId: string;
  token: string;
  /** The films that lists name, without the page's own. */
  listedMovieIds: string[];
  trendingMovieIds: string[];
  /** The people that the page names, without the viewer. */
  userIds: string[];
  postIds: string[];
}

const page = { first: 5, after: null };

/** Of each store its part of the movie page, with nobody to wait for: every query at once. */
export const partsOfMoviePage: Record<string, (stores: Stores, keys: PageKeys) => Promise<unknown>> = {
  postgres: ({ postgres }, { movieId, viewerId, listedMovieIds, userIds }) =>
    Promise.all([
      moviesById(postgres, [movieId]),
      moviesById(postgres, listedMovieIds),
      usersById(postgres, [viewerId]),
      usersById(postgres, userIds),
    ]),
  redis: ({ redis, sessions }, { token, movieId, postIds }) =>
    Promise.all([
      sessions.find(sessionKeyOf(token)),
      movieCounters(redis, [movieId]),
      trendingMovies(redis, [page.first]),
      postCounters(redis, postIds),
    ]),
  mongo: ({ mongo }, { movieId, postIds }) =>
    Promise.all([
      discussions(mongo, [{ id: movieId, page: { first: 3, after: null } }]),
      commentsByPost(
        mongo,
        postIds.map((id) => ({ id, page: { first: 2, after: null } })),
      ),
    ]),
  cassandra: ({ cassandra }, { viewerId: userId }) =>
    Promise.all([continueWatching(cassandra, [{ userId, ...page }]), watchHistory(cassandra, [{ userId, ...page }])]),
  clickhouse: ({ clickhouse }, { movieId: id }) =>
    Promise.all([
      viewsLast24h(clickhouse, [id]),
      viewsPerHour(clickhouse, [{ id, last: 24 }]),
      topMovies(clickhouse, [{ hours: 7 * 24, first: page.first }]),
    ]),
  neo4j: ({ neo4j }, { viewerId, movieId }) =>
    friendsWhoWatched(neo4j, [{ viewerId, movieId, first: 5, hiddenIds: [] }]),
  elasticsearch: ({ elasticsearch }, { movieId: id }) => relatedMovies(elasticsearch, [{ id, first: page.first }]),
  qdrant: ({ qdrant }, { movieId: id }) =>
    similarMovies(qdrant, [{ id, first: page.first, genre: null, yearFrom: null, yearTo: null }]),
  questdb: ({ questdb }, { movieId: id }) => playbackQuality(questdb, [{ id, lastMinutes: 60 }]),
  s3: ({ s3 }, { movieId, trendingMovieIds }) =>
    Promise.all([readMedia(s3, movieId), readPosters(s3, trendingMovieIds)]),
  kafka: ({ kafka }) => sinkProgress(kafka, ['all']),
};

interface Named {
  id: string;
}

/** As the movie page answers. */
export interface MoviePageData {
  movie: Named & {
    related: Named[];
    similar: { movie: Named }[];
    friendsWhoWatched: Named[];
    discussion: { edges: { node: Named & { author: Named; comments: { edges: { node: { author: Named } }[] } } }[] };
  };
  trendingMovies: { movie: Named }[];
  topMovies: { movie: Named }[];
  me: Named & {
    continueWatching: { edges: { node: { movie: Named } }[] };
    watchHistory: { edges: { node: { movie: Named } }[] };
  };
}

/** The keys that a page which was answered has asked for. */
export function keysOf({ movie, trendingMovies, topMovies, me }: MoviePageData, token: string): PageKeys {
  const others = (ids: string[], own: string) => [...new Set(ids)].filter((id) => id !== own);
  const posts = movie.discussion.edges.map(({ node }) => node);
  const watched = [...me.continueWatching.edges, ...me.watchHistory.edges].map(({ node }) => node);
  const listed = [...movie.similar, ...trendingMovies, ...topMovies, ...watched].map(({ movie }) => movie.id);
  const writers = posts.flatMap(({ author, comments }) => [
    author.id,
    ...comments.edges.map(({ node }) => node.author.id),
  ]);
  return {
    ...{ movieId: movie.id, viewerId: me.id, token },
    listedMovieIds: others([...listed, ...movie.related.map(({ id }) => id)], movie.id),
    trendingMovieIds: others(
      trendingMovies.map(({ movie }) => movie.id),
      movie.id,
    ),
    userIds: others([...writers, ...movie.friendsWhoWatched.map(({ id }) => id)], me.id),
    postIds: posts.map(({ id }) => id),
  };
}

import { between1And, longestPage } from '../../gateway/arguments.ts';
import { idOf, isViewer } from '../../gateway/room.ts';
import { leaderboards, movieCounters, postCounters, trendingMovies } from './queries.ts';
import type { Resolvers } from './types.generated.ts';

export const resolvers: Resolvers = {
  Query: {
    async trendingMovies(_parent, { first }, context) {
      const movies = await context.load(trendingMovies, between1And(longestPage, { first }));
      return movies.map(({ movieId, score }) => ({ movie: { id: movieId }, score }));
    },
    async leaderboard(_parent, { window, first }, context) {
      const length = between1And(longestPage, { first });
      const movies = await context.load(leaderboards, window);
      return movies
        .slice(0, length)
        .map(({ movieId, views }, index) => ({ rank: index + 1, views, movie: { id: movieId } }));
    },
  },
  Mutation: {
    async logout(_parent, _args, { request }) {
      if (request.sessionKey === null) return { loggedOut: false };
      await request.sessions.end(request.sessionKey);
      return { loggedOut: true };
    },
  },
  Movie: {
    viewCount: async (movie, _args, context) => (await context.load(movieCounters, idOf(movie))).viewCount,
    rank: async (movie, _args, context) => (await context.load(movieCounters, idOf(movie))).rank,
  },
  User: {
    async popularMovies(user, _args, context) {
      return (await isViewer(context.request, idOf(user))) ? context.load(leaderboards, 'WEEK') : null;
    },
  },
  Post: {
    viewCount: async (post, _args, context) => (await context.load(postCounters, idOf(post))).viewCount,
    likeCount: async (post, _args, context) => (await context.load(postCounters, idOf(post))).likeCount,
  },
};

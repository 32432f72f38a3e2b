import { between1And, longestPage } from '../../gateway/arguments.ts';
import { hiddenFrom, idOf } from '../../gateway/room.ts';
import { engagementPerHour, topMovies, viewsLast24h, viewsPerHour, watchersOn } from './queries.ts';
import { engagement, trendingPosts } from './trending-queries.ts';
import type { Resolvers, TopWindow } from './types.generated.ts';

/** A week. */
const longestHistoryHours = 168;
const windowHours: Record<TopWindow, number> = { DAY: 24, WEEK: 7 * 24, MONTH: 30 * 24 };

export const resolvers: Resolvers = {
  Query: {
    async topMovies(_parent, { window, first }, context) {
      const key = { hours: windowHours[window], first: between1And(longestPage, { first }) };
      const ranked = await context.load(topMovies, key);
      return ranked.map(({ movie_id, view_count }) => ({ movie: { id: movie_id }, views: view_count }));
    },
    async trendingPosts(_parent, { first }, context) {
      const { request } = context;
      const length = between1And(longestPage, { first });
      const key = { first: length, hidden: await hiddenFrom(request), mustBeFresh: request.mustBeFresh };
      const posts = await context.load(trendingPosts, key);
      return posts.map(({ post_id, score }) => ({ score, post: { id: post_id } }));
    },
  },
  Movie: {
    viewsLast24h: (movie, _args, context) => context.load(viewsLast24h, idOf(movie)),
    viewsPerHour: (movie, { last }, context) =>
      context.load(viewsPerHour, { id: idOf(movie), last: between1And(longestHistoryHours, { last }) }),
    async watchersOn(movie, { date, first }, context) {
      const key = { id: idOf(movie), date, first: between1And(longestPage, { first }) };
      const userIds = await context.load(watchersOn, key);
      return userIds.map((userId) => ({ id: userId }));
    },
  },
  Post: {
    engagement: (post, _args, context) => context.load(engagement, idOf(post)),
    engagementPerHour: (post, { last }, context) =>
      context.load(engagementPerHour, { id: idOf(post), last: between1And(longestHistoryHours, { last }) }),
  },
};

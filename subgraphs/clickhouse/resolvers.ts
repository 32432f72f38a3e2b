import { GraphQLDate } from 'graphql-scalars';
import { codedError } from '../../gateway/errors.ts';
import { topMovies, viewsLast24h, viewsPerHour, watchersOn } from './queries.ts';
import type { Resolvers, TopWindow } from './types.generated.ts';

const windowHours: Record<TopWindow, number> = { DAY: 24, WEEK: 7 * 24, MONTH: 30 * 24 };

/** The scalar comes with the resolvers, as codegen does not type it and the gateway adds only `DateTime`. */
const scalars = { Date: GraphQLDate };

export const resolvers: Resolvers & typeof scalars = {
  ...scalars,
  Query: {
    async topMovies(_parent, { window, first }, context) {
      const key = { hours: windowHours[window], first: atMost(100, { first }) };
      const ranked = await context.load(topMovies, key);
      return ranked.map(({ movie_id, view_count }) => ({ movie: { id: movie_id }, views: view_count }));
    },
  },
  Movie: {
    viewsLast24h: (movie, _args, context) => context.load(viewsLast24h, idOf(movie)),
    viewsPerHour: (movie, { last }, context) =>
      context.load(viewsPerHour, { id: idOf(movie), last: atMost(168, { last }) }),
    async watchersOn(movie, { date, first }, context) {
      // GraphQLDate gives midnight UTC of the day.
      const day = (date as Date).toISOString().slice(0, 10);
      const userIds = await context.load(watchersOn, { id: idOf(movie), date: day, first: atMost(100, { first }) });
      return userIds.map((userId) => ({ id: userId }));
    },
  },
};

/** A movie never comes here without its key. */
const idOf = (movie: { id?: string }) => movie.id as string;

/**
 * The one argument's value, when it is between 1 and `most`.
 * @throws BAD_USER_INPUT naming the argument
 */
function atMost(most: number, argument: Record<string, number>): number {
  const [[name, value]] = Object.entries(argument) as [[string, number]];
  if (value >= 1 && value <= most) return value;
  throw codedError('BAD_USER_INPUT', `${name} must be between 1 and ${most}.`, { argument: [name] });
}

import { between1And, longestPage } from '../../gateway/arguments.ts';
import { badInput, checkInput, filledText } from '../../gateway/input.ts';
import { idOf, isViewer } from '../../gateway/room.ts';
import { moviesLikeWatched } from './like-watched.ts';
import { similarMovies } from './queries.ts';
import type { MovieSimilarArgs, Resolvers } from './types.generated.ts';

export const resolvers: Resolvers = {
  Movie: {
    async similar(movie, { first, ...filter }, context) {
      const key = { id: idOf(movie), first: between1And(longestPage, { first }), ...readFilter(filter) };
      const movies = await context.load(similarMovies, key);
      return movies.map(({ movieId, score }) => ({ movie: { id: movieId }, score }));
    },
  },
  User: {
    async moviesLikeWatched(user, _args, context) {
      const userId = idOf(user);
      return (await isViewer(context.request, userId)) ? await context.load(moviesLikeWatched, userId) : null;
    },
  },
};

/** The first film was shot in 1888; the catalogue takes no other years. */
const years = { first: 1888, last: 2200 };

/** @throws BAD_USER_INPUT naming the argument */
function readFilter({ genre = null, yearFrom = null, yearTo = null }: Omit<MovieSimilarArgs, 'first'>) {
  if (genre !== null) checkInput(filledText(100), genre, ['genre']);
  for (const [name, year] of Object.entries({ yearFrom, yearTo })) {
    if (year !== null && (year < years.first || year > years.last)) {
      throw badInput(`${name} must be between ${years.first} and ${years.last}.`, [name]);
    }
  }
  if (yearFrom !== null && yearTo !== null && yearFrom > yearTo) {
    throw badInput('yearTo must not be before yearFrom.', ['yearTo']);
  }
  return { genre, yearFrom, yearTo };
}

import * as z from 'zod';
import { between1And, longestPage } from '../../gateway/arguments.ts';
import { checkInput, filledText, text } from '../../gateway/input.ts';
import { idOf } from '../../gateway/room.ts';
import { movieFacets, relatedMovies } from './queries.ts';
import type { Resolvers } from './types.generated.ts';

const values = z.array(filledText(256)).max(10, 'has at most 10 values').nullish();
const facetArguments = z.object({ text: text(200).trim().nullish(), genres: values, tags: values });

export const resolvers: Resolvers = {
  Query: {
    async movieFacets(_parent, args, context) {
      const { text, genres, tags } = checkInput(facetArguments, args, []);
      return context.load(movieFacets, { text: text || null, genres: genres ?? [], tags: tags ?? [] });
    },
  },
  Movie: {
    async related(movie, { first }, context) {
      const ids = await context.load(relatedMovies, { id: idOf(movie), first: between1And(longestPage, { first }) });
      return ids.map((id) => ({ id }));
    },
  },
};

import { codedError } from '../../gateway/errors.ts';
import { idOf } from '../../gateway/room.ts';
import { mediaOf } from './queries.ts';
import type { Resolvers } from './types.generated.ts';

const posterSeconds = 3_600;
const shortestSeconds = 60;
const longestSeconds = 86_400;

export const resolvers: Resolvers = {
  Movie: {
    async posterUrl(movie, _args, context) {
      const { poster } = await context.load(mediaOf, idOf(movie));
      return poster && context.store.sign(poster, posterSeconds);
    },
    async streamingUrl(movie, { expiresInSeconds }, context) {
      if (expiresInSeconds < shortestSeconds || expiresInSeconds > longestSeconds) {
        const message = `expiresInSeconds must be between ${shortestSeconds} and ${longestSeconds}.`;
        throw codedError('BAD_USER_INPUT', message, { argument: ['expiresInSeconds'] });
      }
      const { video } = await context.load(mediaOf, idOf(movie));
      return video && context.store.sign(video, expiresInSeconds);
    },
  },
};

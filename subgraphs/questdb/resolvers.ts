import { between1And } from '../../gateway/arguments.ts';
import { idOf } from '../../gateway/room.ts';
import { retentionDays } from './migrations.ts';
import { playbackQuality } from './queries.ts';
import type { Resolvers } from './types.generated.ts';

const longestSpanMinutes = retentionDays * 24 * 60;

export const resolvers: Resolvers = {
  Movie: {
    playbackQuality: (movie, { lastMinutes }, context) =>
      context.load(playbackQuality, {
        id: idOf(movie),
        lastMinutes: between1And(longestSpanMinutes, { lastMinutes }),
      }),
  },
};

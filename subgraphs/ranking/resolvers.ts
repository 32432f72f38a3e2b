import { between1And, longestPage } from '../../gateway/arguments.ts';
import { codedError } from '../../gateway/errors.ts';
import { idOf, requireSelf } from '../../gateway/room.ts';
import { type RankedMovie, type Reason, rank, type Signals } from './rank.ts';
import type { Resolvers } from './types.generated.ts';

export const resolvers: Resolvers = {
  User: {
    async recommendations(user: { id?: string } & Signals, { first }, { request }) {
      const most = between1And(longestPage, { first });
      await requireSelf(request, idOf(user));
      const ranked = rank(user);
      if (!ranked) throw codedError('STORE_UNAVAILABLE', 'None of the stores that propose movies answers right now.');
      return ranked.slice(0, most).map(recommendationOf);
    },
  },
};

const recommendationOf = ({ movieId, score, reasons }: RankedMovie) => ({
  ...{ movie: { id: movieId }, score, reasons: reasons.map(reasonOf) },
});

function reasonOf(reason: Reason) {
  const { kind } = reason;
  const movie = kind === 'SIMILAR_TO_WATCHED' && reason.movieId !== null ? { id: reason.movieId } : null;
  const users = kind === 'FRIENDS_WATCHED' ? reason.userIds.map((id) => ({ id })) : [];
  return { kind, movie, users };
}

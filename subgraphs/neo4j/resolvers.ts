import { between1And, longestPage } from '../../gateway/arguments.ts';
import { idOf, requireViewer } from '../../gateway/room.ts';
import { followers, following, friendsWhoWatched } from './queries.ts';
import type { Resolvers } from './types.generated.ts';

const users = (ids: readonly string[]) => ids.map((id) => ({ id }));

/** The fields that pages use, and the ways from an explored place to the entity that it stands for. */
export const resolvers: Resolvers = {
  Movie: {
    async friendsWhoWatched(movie, { first }, context) {
      const { userId: viewerId } = await requireViewer(context.request);
      between1And(longestPage, { first });
      return users(await context.load(friendsWhoWatched, { viewerId, movieId: idOf(movie), first }));
    },
  },
  User: {
    async following(user, { first }, context) {
      between1And(longestPage, { first });
      return users(await context.load(following, { userId: idOf(user), first }));
    },
    async followers(user, { first }, context) {
      between1And(longestPage, { first });
      return users(await context.load(followers, { userId: idOf(user), first }));
    },
  },
  SocialUser: { user: (place) => ({ id: idOf(place) }) },
  SocialMovie: { movie: (place) => ({ id: idOf(place) }) },
  SocialPost: { post: (place) => ({ id: idOf(place) }) },
};

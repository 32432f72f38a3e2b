import { between1And, longestPage } from '../../gateway/arguments.ts';
import { hiddenFrom, idOf, isViewer, requireSelf, requireViewer } from '../../gateway/room.ts';
import { moviesOfFriends, peopleToFollow, watchedMovieIds } from './proposals.ts';
import { followers, following, friendsWhoWatched, likedByFriends, mutualFriends } from './queries.ts';
import type { Resolvers } from './types.generated.ts';

const users = (ids: readonly string[]) => ids.map((id) => ({ id }));

/** The fields that pages use, and the ways from an explored place to the entity that it stands for. */
export const resolvers: Resolvers = {
  Movie: {
    async friendsWhoWatched(movie, { first }, context) {
      const { userId: viewerId } = await requireViewer(context.request);
      between1And(longestPage, { first });
      const hiddenIds = await hiddenFrom(context.request);
      return users(await context.load(friendsWhoWatched, { viewerId, movieId: idOf(movie), first, hiddenIds }));
    },
  },
  User: {
    async following(user, { first }, context) {
      between1And(longestPage, { first });
      const hiddenIds = await hiddenFrom(context.request);
      return users(await context.load(following, { userId: idOf(user), first, hiddenIds }));
    },
    async followers(user, { first }, context) {
      between1And(longestPage, { first });
      const hiddenIds = await hiddenFrom(context.request);
      return users(await context.load(followers, { userId: idOf(user), first, hiddenIds }));
    },
    async mutualFriends(user, { first }, context) {
      const { userId: viewerId } = await requireViewer(context.request);
      between1And(longestPage, { first });
      const hiddenIds = await hiddenFrom(context.request);
      return users(await context.load(mutualFriends, { viewerId, userId: idOf(user), first, hiddenIds }));
    },
    async peopleToFollow(user, { first }, context) {
      const { userId } = await requireSelf(context.request, idOf(user));
      between1And(longestPage, { first });
      const hiddenIds = await hiddenFrom(context.request);
      const people = await context.load(peopleToFollow, { userId, first, hiddenIds });
      return people.map(({ userId, mutualIds, ...reasons }) => ({
        ...{ user: { id: userId }, mutuals: users(mutualIds) },
        ...reasons,
      }));
    },
    async moviesOfFriends(user, _, { request, load }) {
      const userId = idOf(user);
      if (!(await isViewer(request, userId))) return null;
      return load(moviesOfFriends, { userId, hiddenIds: await hiddenFrom(request) });
    },
    async watchedMovieIds(user, _, { request, load }) {
      const userId = idOf(user);
      return (await isViewer(request, userId)) ? load(watchedMovieIds, userId) : null;
    },
  },
  Post: {
    async likedByFriends(post, { first }, context) {
      const { userId: viewerId } = await requireViewer(context.request);
      between1And(longestPage, { first });
      const hiddenIds = await hiddenFrom(context.request);
      return users(await context.load(likedByFriends, { viewerId, postId: idOf(post), first, hiddenIds }));
    },
  },
  SocialUser: { user: (place) => ({ id: idOf(place) }) },
  SocialMovie: { movie: (place) => ({ id: idOf(place) }) },
  SocialPost: { post: (place) => ({ id: idOf(place) }) },
};

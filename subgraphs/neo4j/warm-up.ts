import { moviesOfFriends, peopleToFollow, watchedMovieIds } from './proposals.ts';
import { followers, following, friendsWhoWatched, likedByFriends, mutualFriends } from './queries.ts';
import type { Neo4jStore } from './store.ts';

/** Has a fresh server plan what pages ask, so that the first page does not wait for it. */
export async function warmUp(store: Neo4jStore): Promise<void> {
  const key = { first: 1, hiddenIds: [] };
  await following(store, [{ ...key, userId: '' }]);
  await followers(store, [{ ...key, userId: '' }]);
  await mutualFriends(store, [{ ...key, viewerId: '', userId: '' }]);
  await friendsWhoWatched(store, [{ ...key, viewerId: '', movieId: '' }]);
  await likedByFriends(store, [{ ...key, viewerId: '', postId: '' }]);
  await peopleToFollow(store, [{ ...key, userId: '' }]);
  await moviesOfFriends(store, [{ ...key, userId: '' }]);
  await watchedMovieIds(store, ['']);
}

import type { Access } from './authorisation.ts';
import type { Owners } from './nullability.ts';

/**
 * By entity: the subgraphs that know for certain whether one exists. Any other gives an id that it has heard of, so what
 * it gives may turn out to be null, or to be left out of a list.
 */
export const owners: Owners = {
  Movie: ['postgres'],
  User: ['postgres'],
  Post: ['mongo'],
  Upload: ['s3'],
  // Each is known to the source of truth that wrote it.
  Event: ['postgres', 'mongo'],
};

/** Types that speak of a person: each of their fields stands in `access`, so that a new one is not shown unawares. */
export const personal: readonly string[] = ['User'];

/**
 * Who may see a field. Whatever carries `@authenticated` or `@requiresScopes` stands here, and whatever stands here
 * carries it. Mutations need not be listed: they are for whoever is logged in, unless the table says otherwise.
 */
export const access: Readonly<Record<string, Access>> = {
  'Mutation.signUp': 'everybody',
  'Mutation.login': 'everybody',
  'Mutation.logout': 'everybody',

  'Query.me': 'authenticated',
  'Query.event': 'authenticated',
  'Query.socialUser': ['analytics'],
  'Query.socialMovie': ['analytics'],

  'User.id': 'everybody',
  'User.name': 'everybody',
  'User.createdAt': 'everybody',
  'User.profile': 'everybody',
  'User.posts': 'everybody',
  'User.following': 'everybody',
  'User.followers': 'everybody',
  // Only the user themselves, which the subgraph's resolver makes sure of.
  'User.email': 'authenticated',
  'User.blocked': 'authenticated',
  'User.watchHistory': 'authenticated',
  'User.continueWatching': 'authenticated',
  'User.activity': 'authenticated',
  'User.feed': 'authenticated',
  'User.peopleToFollow': 'authenticated',
  'User.recommendations': 'authenticated',
  // Signals for the room `ranking`, which clients do not see; null for anybody but the user themselves.
  'User.moviesLikeWatched': 'everybody',
  'User.moviesOfFriends': 'everybody',
  'User.popularMovies': 'everybody',
  'User.watchedMovieIds': 'everybody',

  // The viewer's own friends among others.
  'User.mutualFriends': 'authenticated',
  'Movie.friendsWhoWatched': 'authenticated',
  'Post.likedByFriends': 'authenticated',
  'Movie.streamingUrl': 'authenticated',
  'Movie.watchersOn': ['analytics'],
};

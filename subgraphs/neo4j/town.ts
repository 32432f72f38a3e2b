import type { EventType, StreamEvent, StreamEventOf } from '../../schema/events/index.ts';
import type { Random } from '../../seed/generate/random.ts';
import {
  at,
  blockChanged,
  followChanged,
  likeChanged,
  type OwnCorner,
  profileChanged,
  signedUp,
  watched,
} from './testing.ts';

/** What a test's town is made of: ids. */
export interface Town {
  users: string[];
  posts: string[];
  movies: string[];
  tags: string[];
  events: StreamEvent[];
}

/** People who follow, block, like, watch and tell of themselves by chance, some of it in several versions. */
export function randomTown({ id }: OwnCorner, random: Random): Town {
  const ids = (kind: string, count: number) => Array.from({ length: count }, (_, index) => id(`${kind}${index}`));
  const [users, posts, movies, tags] = [ids('u', 24), ids('p', 10), ids('m', 14), ids('t', 8)];
  const versions = (make: (version: number) => StreamEvent) =>
    Array.from({ length: random.int(1, 3) }, (_, index) => make(index + 1));
  const some = (of: readonly string[], share: number) => of.filter(() => random.chance(share));
  const events = users.flatMap((user) => {
    const others = users.filter((other) => other !== user);
    const likes = (kind: 'POST' | 'MOVIE' | 'TAG', targets: readonly string[]) =>
      targets.flatMap((target) => versions((version) => likeChanged([user, kind, target], version)));
    return [
      signedUp(user, 'somebody'),
      ...versions((version) => profileChanged(user, some(tags, 0.3), version)),
      ...some(others, 0.7).flatMap((other) => versions((version) => followChanged([user, other], version))),
      ...some(others, 0.08).flatMap((other) => versions((version) => blockChanged([user, other], version))),
      ...[...likes('POST', some(posts, 0.4)), ...likes('MOVIE', some(movies, 0.2)), ...likes('TAG', some(tags, 0.3))],
      ...some(movies, 0.3).flatMap((movie) => {
        const from = random.int(1, 5);
        return versions((version) => watched([user, movie], version, at(from + version)));
      }),
    ];
  });
  return { users, posts, movies, tags, events };
}

/**
 * What the graph must answer, from the events alone: everybody is compared with everybody.
 * @param hiddenIds whom no list shows, whoever looks
 */
export function bruteForce({ users, movies, events }: Town, hiddenIds: readonly string[]) {
  const follows = newest(events, 'follow.changed').filter(({ follows }) => follows);
  const blocks = newest(events, 'block.changed').filter(({ blocks }) => blocks);
  const likes = newest(events, 'like.changed').filter(({ likes }) => likes);
  const watches = newest(events, 'watch.recorded');
  const interests = newest(events, 'profile.changed');

  const doesFollow = (a: string, b: string) => follows.some((f) => f.followerId === a && f.followeeId === b);
  const doesBlock = (a: string, b: string) => blocks.some((block) => block.blockerId === a && block.blockedId === b);
  const isShown = (user: string) => !hiddenIds.includes(user);
  const isShownTo = (viewer: string, user: string) =>
    isShown(user) && !doesBlock(viewer, user) && !doesBlock(user, viewer);
  const hasWatched = (user: string, movie: string) => watches.some((w) => w.userId === user && w.movieId === movie);
  const friendsOf = (user: string) => users.filter((other) => doesFollow(user, other) && isShownTo(user, other)).sort();
  const tagsOf = (user: string) =>
    new Set([
      ...likes.flatMap(({ userId, kind, targetId }) => (userId === user && kind === 'TAG' ? [targetId] : [])),
      ...interests.flatMap(({ userId, interests }) => (userId === user ? interests : [])),
    ]);
  /** Those ids, by when, the last first, and of the same time the smaller id first. */
  const lastFirst = (rows: readonly { id: string; when: string }[]) =>
    rows.toSorted((a, b) => ascending(b.when, a.when) || ascending(a.id, b.id)).map(({ id }) => id);

  return {
    peopleToFollow: (user: string) =>
      users
        .filter((other) => other !== user && !doesFollow(user, other) && isShownTo(user, other))
        .map((other) => {
          const mutuals = friendsOf(user).filter((friend) => doesFollow(friend, other));
          const shared = [...tagsOf(user)].filter((tag) => tagsOf(other).has(tag)).sort();
          return {
            ...{ userId: other, score: mutuals.length * (1 + 0.1 * shared.length), mutualCount: mutuals.length },
            ...{ mutualIds: mutuals.slice(0, 5), sharedTags: shared.slice(0, 5) },
          };
        })
        .filter(({ mutualCount }) => mutualCount > 0)
        .sort((a, b) => b.score - a.score || ascending(a.userId, b.userId)),

    moviesOfFriends: (user: string) =>
      movies
        .filter((movie) => !hasWatched(user, movie))
        .map((movie) => {
          const friends = friendsOf(user).filter((friend) => hasWatched(friend, movie));
          return { movieId: movie, friendIds: friends.slice(0, 5), friendCount: friends.length };
        })
        .filter(({ friendCount }) => friendCount > 0)
        .sort((a, b) => b.friendCount - a.friendCount || ascending(a.movieId, b.movieId)),

    watchedMovieIds: (user: string) =>
      lastFirst(
        watches
          .filter(({ userId }) => userId === user)
          .map(({ movieId, playback }) => ({ id: movieId, when: playback.lastWatchedAt })),
      ),

    mutualFriends: (viewer: string, user: string) =>
      lastFirst(
        follows
          .filter(
            ({ followerId, followeeId }) => followerId === viewer && viewer !== user && doesFollow(user, followeeId),
          )
          .filter(({ followeeId }) => isShownTo(viewer, followeeId))
          .map(({ followeeId, changedAt }) => ({ id: followeeId, when: changedAt })),
      ),

    likedByFriends: (viewer: string, post: string) =>
      lastFirst(
        likes
          .filter(
            ({ kind, targetId, userId }) => kind === 'POST' && targetId === post && friendsOf(viewer).includes(userId),
          )
          .map(({ userId, changedAt }) => ({ id: userId, when: changedAt })),
      ),

    friendsWhoWatched: (viewer: string, movie: string) =>
      lastFirst(
        watches
          .filter(({ userId, movieId }) => movieId === movie && friendsOf(viewer).includes(userId))
          .map(({ userId, playback }) => ({ id: userId, when: playback.lastWatchedAt })),
      ),

    following: (user: string) =>
      lastFirst(
        follows
          .filter(({ followerId, followeeId }) => followerId === user && isShown(followeeId))
          .map(({ followeeId, changedAt }) => ({ id: followeeId, when: changedAt })),
      ),

    followers: (user: string) =>
      lastFirst(
        follows
          .filter(({ followerId, followeeId }) => followeeId === user && isShown(followerId))
          .map(({ followerId, changedAt }) => ({ id: followerId, when: changedAt })),
      ),
  };
}

/** What the newest version of each aggregate tells, among the events of a type. */
const newest = <T extends EventType>(events: readonly StreamEvent[], type: T): StreamEventOf<T>['data'][] =>
  Map.groupBy(events as readonly StreamEventOf<EventType>[], ({ type, subject }) => `${type} ${subject}`)
    .values()
    .map((versions) => versions.reduce((a, b) => (a.version > b.version ? a : b)))
    .filter((event) => event.type === type)
    .map(({ data }) => data as StreamEventOf<T>['data'])
    .toArray();

const ascending = (a: string, b: string) => (a < b ? -1 : Number(a > b));

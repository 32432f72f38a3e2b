import { distinct, longest, pick } from './batch.ts';
import type { Neo4jStore } from './store.ts';

/** The beginning of a list of people around a user, for whoever looks. A request has one viewer, who hides the same everywhere. */
export interface PeopleKey {
  userId: string;
  first: number;
  /** Who is left out. */
  hiddenIds: readonly string[];
}

/** Whom users follow, whom they followed last first: ids. */
export async function following(store: Neo4jStore, keys: readonly PeopleKey[]): Promise<string[][]> {
  const lists = await store.read(
    `UNWIND $ids AS id
CALL (id) {
  MATCH (:User {id: id})-[follows:FOLLOWS]->(followee:User)
  WHERE NOT followee.id IN $hiddenIds
  WITH followee.id AS userId, follows.since AS since
  ORDER BY since DESC, userId
  LIMIT $most
  RETURN collect(userId) AS userIds
}
RETURN id, userIds`,
    { ids: distinct(keys, userIdOf), hiddenIds: keys[0]?.hiddenIds, most: longest(keys) },
  );
  return pick(lists, keys, userIdOf);
}

/** Who follows users, who began last first: ids. */
export async function followers(store: Neo4jStore, keys: readonly PeopleKey[]): Promise<string[][]> {
  const lists = await store.read(
    `UNWIND $ids AS id
CALL (id) {
  MATCH (:User {id: id})<-[follows:FOLLOWS]-(follower:User)
  WHERE NOT follower.id IN $hiddenIds
  WITH follower.id AS userId, follows.since AS since
  ORDER BY since DESC, userId
  LIMIT $most
  RETURN collect(userId) AS userIds
}
RETURN id, userIds`,
    { ids: distinct(keys, userIdOf), hiddenIds: keys[0]?.hiddenIds, most: longest(keys) },
  );
  return pick(lists, keys, userIdOf);
}

/** Friends of the viewer, who is one and the same for a request: their relationships are walked once, for one end as for fifty. */
interface FriendsKey {
  viewerId: string;
  first: number;
  /** Who is left out, besides those of whom the graph knows a block: the request may know of one before the sink does. */
  hiddenIds: readonly string[];
}

/** Those whom the viewer follows who have watched movies, who watched last first: ids. */
export async function friendsWhoWatched(
  store: Neo4jStore,
  keys: readonly (FriendsKey & { movieId: string })[],
): Promise<string[][]> {
  const lists = await store.read(
    `MATCH (movie:Movie) WHERE movie.id IN $ids
WITH collect(movie) AS movies
MATCH (viewer:User {id: $viewerId})-[:FOLLOWS]->(friend:User)
WHERE NOT friend.id IN $hiddenIds AND NOT (viewer)-[:BLOCKS]-(friend)
MATCH (friend)-[watched:WATCHED]->(movie) WHERE movie IN movies
WITH movie.id AS id, friend.id AS userId, watched.lastWatchedAt AS at
ORDER BY at DESC, userId
RETURN id, collect(userId)[..$most] AS userIds`,
    { ...viewerOf(keys), ids: distinct(keys, movieIdOf), most: longest(keys) },
  );
  return pick(lists, keys, movieIdOf);
}

/** Those whom the viewer follows who like posts, who liked last first: ids. */
export async function likedByFriends(
  store: Neo4jStore,
  keys: readonly (FriendsKey & { postId: string })[],
): Promise<string[][]> {
  const lists = await store.read(
    `MATCH (post:Post) WHERE post.id IN $ids
WITH collect(post) AS posts
MATCH (viewer:User {id: $viewerId})-[:FOLLOWS]->(friend:User)
WHERE NOT friend.id IN $hiddenIds AND NOT (viewer)-[:BLOCKS]-(friend)
MATCH (friend)-[likes:LIKES]->(post) WHERE post IN posts
WITH post.id AS id, friend.id AS userId, likes.since AS since
ORDER BY since DESC, userId
RETURN id, collect(userId)[..$most] AS userIds`,
    { ...viewerOf(keys), ids: distinct(keys, postIdOf), most: longest(keys) },
  );
  return pick(lists, keys, postIdOf);
}

/**
 * Those whom both the viewer and users follow, whom the viewer followed last first: ids. The join reads whom each of them follows,
 * and nobody's followers: walked on from the friend, the pattern would read a million of them to find one.
 */
export async function mutualFriends(
  store: Neo4jStore,
  keys: readonly (FriendsKey & { userId: string })[],
): Promise<string[][]> {
  const lists = await store.read(
    `MATCH (viewer:User {id: $viewerId})-[follows:FOLLOWS]->(friend:User)<-[:FOLLOWS]-(user:User)
USING JOIN ON friend
WHERE user.id IN $ids AND NOT friend.id IN $hiddenIds AND NOT (viewer)-[:BLOCKS]-(friend)
WITH user.id AS id, friend.id AS userId, follows.since AS since
ORDER BY since DESC, userId
RETURN id, collect(userId)[..$most] AS userIds`,
    { ...viewerOf(keys), ids: distinct(keys, userIdOf), most: longest(keys) },
  );
  return pick(lists, keys, userIdOf);
}

const viewerOf = ([key]: readonly FriendsKey[]) => ({ viewerId: key?.viewerId, hiddenIds: key?.hiddenIds });
const userIdOf = ({ userId }: { userId: string }) => userId;
const movieIdOf = ({ movieId }: { movieId: string }) => movieId;
const postIdOf = ({ postId }: { postId: string }) => postId;

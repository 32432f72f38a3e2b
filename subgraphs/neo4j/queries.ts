import type { QueryResult } from 'neo4j-driver';
import type { Neo4jStore } from './store.ts';

/** The beginning of a list of people around a user. */
export interface PeopleKey {
  userId: string;
  first: number;
}

/** Whom users follow, whom they followed last first: ids. */
export async function following(store: Neo4jStore, keys: readonly PeopleKey[]): Promise<string[][]> {
  const lists = await store.read(
    `UNWIND $ids AS id
CALL (id) {
  MATCH (:User {id: id})-[follows:FOLLOWS]->(followee:User)
  WITH followee.id AS userId, follows.since AS since
  ORDER BY since DESC, userId
  LIMIT $most
  RETURN collect(userId) AS userIds
}
RETURN id, userIds`,
    { ids: distinct(keys, userIdOf), most: longest(keys) },
  );
  return pick(lists, keys, userIdOf);
}

/** Who follows users, who began last first: ids. */
export async function followers(store: Neo4jStore, keys: readonly PeopleKey[]): Promise<string[][]> {
  const lists = await store.read(
    `UNWIND $ids AS id
CALL (id) {
  MATCH (:User {id: id})<-[follows:FOLLOWS]-(follower:User)
  WITH follower.id AS userId, follows.since AS since
  ORDER BY since DESC, userId
  LIMIT $most
  RETURN collect(userId) AS userIds
}
RETURN id, userIds`,
    { ids: distinct(keys, userIdOf), most: longest(keys) },
  );
  return pick(lists, keys, userIdOf);
}

export interface FriendsKey {
  viewerId: string;
  movieId: string;
  first: number;
}

/**
 * Those whom the viewer follows who have watched movies, who watched last first: ids. A request has one viewer, whose
 * friends' films are walked once, for one movie as for fifty.
 */
export async function friendsWhoWatched(store: Neo4jStore, keys: readonly FriendsKey[]): Promise<string[][]> {
  const lists = await store.read(
    `MATCH (:User {id: $viewerId})-[:FOLLOWS]->(friend:User)-[watched:WATCHED]->(movie:Movie)
WHERE movie.id IN $ids
WITH movie.id AS id, friend.id AS userId, watched.lastWatchedAt AS at
ORDER BY at DESC, userId
RETURN id, collect(userId)[..$most] AS userIds`,
    { viewerId: keys[0]?.viewerId, ids: distinct(keys, movieIdOf), most: longest(keys) },
  );
  return pick(lists, keys, movieIdOf);
}

/** Has a fresh server plan what pages ask, so that the first page does not wait for it. */
export async function warmUp(store: Neo4jStore): Promise<void> {
  await following(store, [{ userId: '', first: 1 }]);
  await followers(store, [{ userId: '', first: 1 }]);
  await friendsWhoWatched(store, [{ viewerId: '', movieId: '', first: 1 }]);
}

const userIdOf = ({ userId }: PeopleKey) => userId;
const movieIdOf = ({ movieId }: FriendsKey) => movieId;

const distinct = <Key>(keys: readonly Key[], idOf: (key: Key) => string) => [...new Set(keys.map(idOf))];

/** Each list is read as long as the longest that is wanted: LIMIT takes a parameter, but nothing of a row. */
const longest = (keys: readonly { first: number }[]) => BigInt(Math.max(...keys.map(({ first }) => first)));

/** Each key's own part of its list; a node that is not there has an empty one. */
function pick<Key extends { first: number }>(
  { records }: QueryResult,
  keys: readonly Key[],
  idOf: (key: Key) => string,
): string[][] {
  const lists = new Map(records.map((record) => [record.get('id'), record.get('userIds') as string[]]));
  return keys.map((key) => (lists.get(idOf(key)) ?? []).slice(0, key.first));
}

import { distinct, listsById, longest, pick } from './batch.ts';
import { proposalBounds } from './bounds.ts';
import type { PeopleKey } from './queries.ts';
import type { Neo4jStore } from './store.ts';

/** Somebody whom a user may want to follow, and why. */
export interface PersonToFollow {
  userId: string;
  score: number;
  /** The smallest ids. */
  mutualIds: string[];
  mutualCount: number;
  /** The first of the alphabet. */
  sharedTags: string[];
}

/**
 * Whom users may want to follow, the best first: friends of friends whom they do not follow, and who are neither hidden nor
 * blocked in either direction. Every step goes from the user along relationships that somebody has begun themselves, so nobody's
 * million followers are read; `proposalBounds` cuts off what is left. What people like is read of the best candidates alone, and
 * of the user once.
 */
export async function peopleToFollow(store: Neo4jStore, keys: readonly PeopleKey[]): Promise<PersonToFollow[][]> {
  const { friends, followsOfAFriend, candidates, reasons } = proposalBounds;
  const lists = await store.read(
    `UNWIND $ids AS id
CALL (id) {
  MATCH (viewer:User {id: id})
  WITH viewer, COLLECT { MATCH (viewer)-[:FOLLOWS]->(followee) RETURN followee } AS followees
  CALL (viewer) {
    MATCH (viewer)-[follows:FOLLOWS]->(friend)
    WHERE NOT friend.id IN $hiddenIds AND NOT (viewer)-[:BLOCKS]-(friend)
    WITH friend, friend.id AS friendId
    ORDER BY follows.since DESC, friendId
    LIMIT $friends
    WHERE COUNT { (friend)-[:FOLLOWS]->() } <= $followsOfAFriend
    MATCH (friend)-[:FOLLOWS]->(person)
    RETURN person, collect(friendId) AS friendIds
  }
  WITH viewer, followees, person, friendIds
  WHERE person <> viewer AND NOT person IN followees
  WITH viewer, person, person.id AS userId, friendIds, size(friendIds) AS mutualCount
  WHERE NOT userId IN $hiddenIds AND NOT (viewer)-[:BLOCKS]-(person)
  WITH viewer, person, userId, friendIds, mutualCount
  ORDER BY mutualCount DESC, userId
  LIMIT $candidates
  WITH viewer, collect({person: person, userId: userId, friendIds: friendIds, mutualCount: mutualCount}) AS candidates
  WITH candidates, COLLECT { MATCH (viewer)-[:LIKES|INTERESTED_IN]->(tag:Tag) RETURN DISTINCT tag } AS tags
  UNWIND candidates AS candidate
  WITH tags, candidate, candidate.person AS person
  WITH candidate, COLLECT {
    MATCH (person)-[:LIKES|INTERESTED_IN]->(tag:Tag)
    WHERE tag IN tags
    RETURN DISTINCT tag.name AS name ORDER BY name
  } AS sharedTags
  WITH candidate, sharedTags, candidate.mutualCount * (1 + 0.1 * size(sharedTags)) AS score
  ORDER BY score DESC, candidate.userId
  LIMIT $most
  WITH candidate, sharedTags, score,
    COLLECT { UNWIND candidate.friendIds AS friendId RETURN friendId ORDER BY friendId LIMIT $reasons } AS mutualIds
  RETURN collect({
    userId: candidate.userId, score: score, mutualCount: candidate.mutualCount,
    mutualIds: mutualIds, sharedTags: sharedTags[..$reasons]
  }) AS people
}
RETURN id, people`,
    {
      ...{ ids: distinct(keys, userIdOf), hiddenIds: keys[0]?.hiddenIds, most: longest(keys) },
      ...{ friends, followsOfAFriend, candidates, reasons },
    },
  );
  return pick(lists, keys, userIdOf);
}

/** A movie that some of those whom a user follows have watched. */
export interface MovieOfFriends {
  movieId: string;
  /** The smallest ids. */
  friendIds: string[];
  friendCount: number;
}

/** What those whom users follow have watched and they themselves have not: what most of them have first. */
export async function moviesOfFriends(
  store: Neo4jStore,
  keys: readonly Omit<PeopleKey, 'first'>[],
): Promise<MovieOfFriends[][]> {
  const { friends, movies, reasons } = proposalBounds;
  const lists = await store.read(
    `UNWIND $ids AS id
CALL (id) {
  MATCH (viewer:User {id: id})
  WITH viewer, COLLECT { MATCH (viewer)-[:WATCHED]->(movie) RETURN movie } AS seen
  CALL (viewer) {
    MATCH (viewer)-[follows:FOLLOWS]->(friend)
    WHERE NOT friend.id IN $hiddenIds AND NOT (viewer)-[:BLOCKS]-(friend)
    WITH friend, friend.id AS friendId
    ORDER BY follows.since DESC, friendId
    LIMIT $friends
    MATCH (friend)-[:WATCHED]->(movie)
    RETURN movie, collect(friendId) AS watcherIds
  }
  WITH movie, watcherIds, seen
  WHERE NOT movie IN seen
  WITH movie.id AS movieId, watcherIds, size(watcherIds) AS friendCount
  ORDER BY friendCount DESC, movieId
  LIMIT $movies
  WITH movieId, friendCount,
    COLLECT { UNWIND watcherIds AS watcherId RETURN watcherId ORDER BY watcherId LIMIT $reasons } AS friendIds
  RETURN collect({movieId: movieId, friendIds: friendIds, friendCount: friendCount}) AS proposed
}
RETURN id, proposed`,
    { ids: distinct(keys, userIdOf), hiddenIds: keys[0]?.hiddenIds, friends, movies, reasons },
  );
  return keys.map(userIdOf).map(listsById<MovieOfFriends>(lists));
}

/** What users have watched, watched last first: ids. */
export async function watchedMovieIds(store: Neo4jStore, userIds: readonly string[]): Promise<string[][]> {
  const lists = await store.read(
    `UNWIND $ids AS id
CALL (id) {
  MATCH (:User {id: id})-[watched:WATCHED]->(movie:Movie)
  WITH movie.id AS movieId, watched.lastWatchedAt AS at
  ORDER BY at DESC, movieId
  LIMIT $watched
  RETURN collect(movieId) AS movieIds
}
RETURN id, movieIds`,
    { ids: userIds, watched: proposalBounds.watched },
  );
  return userIds.map(listsById<string>(lists));
}

const userIdOf = ({ userId }: { userId: string }) => userId;

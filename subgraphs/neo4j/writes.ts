import type { LikeKind } from '../../schema/events/index.ts';

/**
 * Every statement first merges the nodes that its rows name, users before others and each kind in the order of ids, and
 * locks them. So two batches that meet wait for each other and never in a circle, and what is then read of a node or
 * relationship is what the other has committed: no version is compared with one that is about to change.
 */
const lockedUsers = `UNWIND $userIds AS userId
MERGE (user:User {id: userId})
WITH collect(user) AS users
CALL apoc.lock.nodes(users)`;

const lockedMovies = `UNWIND $movieIds AS movieId
MERGE (movie:Movie {id: movieId})
WITH collect(movie) AS movies
CALL apoc.lock.nodes(movies)`;

/** One step after the other: what follows must not be read before the locks are held. */
const then = (...steps: string[]) => steps.join('\nWITH count(*) AS locked\n');

/** Where a like ends, by what is liked. */
const likeable: Record<LikeKind, { label: string; key: string }> = {
  POST: { label: 'Post', key: 'id' },
  MOVIE: { label: 'Movie', key: 'id' },
  TAG: { label: 'Tag', key: 'name' },
};

const likes = ({ label, key }: { label: string; key: string }) =>
  then(
    lockedUsers,
    `UNWIND $targetIds AS targetId
MERGE (target:${label} {${key}: targetId})
WITH collect(target) AS targets
CALL apoc.lock.nodes(targets)`,
    `UNWIND $rows AS row
MATCH (user:User {id: row.userId}), (target:${label} {${key}: row.targetId})
OPTIONAL MATCH (user)-[known:LIKES|UNLIKED]->(target)
WITH row, user, target, known
WHERE coalesce(known.version, 0) < row.version
DELETE known
FOREACH (_ IN CASE WHEN row.likes THEN [1] ELSE [] END |
  CREATE (user)-[:LIKES {since: datetime(row.at), version: row.version}]->(target))
FOREACH (_ IN CASE WHEN row.likes THEN [] ELSE [1] END |
  CREATE (user)-[:UNLIKED {since: datetime(row.at), version: row.version}]->(target))`,
  );

/** What the sink writes. A relationship that has ended leaves its opposite behind, which keeps the version. */
export const writes = {
  users: then(
    lockedUsers,
    `UNWIND $rows AS row
MATCH (user:User {id: row.userId})
WHERE coalesce(user.version, 0) < row.version
SET user.name = row.name, user.version = row.version`,
  ),

  movies: then(
    lockedMovies,
    `UNWIND $rows AS row
MATCH (movie:Movie {id: row.movieId})
WHERE coalesce(movie.version, 0) < row.version
SET movie.title = row.title, movie.version = row.version`,
  ),

  follows: then(
    lockedUsers,
    `UNWIND $rows AS row
MATCH (follower:User {id: row.followerId}), (followee:User {id: row.followeeId})
OPTIONAL MATCH (follower)-[known:FOLLOWS|UNFOLLOWED]->(followee)
WITH row, follower, followee, known
WHERE coalesce(known.version, 0) < row.version
DELETE known
FOREACH (_ IN CASE WHEN row.follows THEN [1] ELSE [] END |
  CREATE (follower)-[:FOLLOWS {since: datetime(row.at), version: row.version}]->(followee))
FOREACH (_ IN CASE WHEN row.follows THEN [] ELSE [1] END |
  CREATE (follower)-[:UNFOLLOWED {since: datetime(row.at), version: row.version}]->(followee))`,
  ),

  likes: { POST: likes(likeable.POST), MOVIE: likes(likeable.MOVIE), TAG: likes(likeable.TAG) },

  watches: then(
    lockedUsers,
    lockedMovies,
    `UNWIND $rows AS row
MATCH (user:User {id: row.userId}), (movie:Movie {id: row.movieId})
MERGE (user)-[watched:WATCHED]->(movie)
WITH row, watched
WHERE coalesce(watched.lastWatchedAt < datetime(row.at), true)
SET watched.lastWatchedAt = datetime(row.at)`,
  ),
};

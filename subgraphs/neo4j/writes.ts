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

/** A relationship, and the opposite that it leaves behind when it has ended: that keeps the version. */
interface Edge {
  holds: string;
  ended: string;
}

/** The last step of a statement whose rows tell how `from` and `to` stand to each other now. */
const newest = ({ holds, ended }: Edge) => `OPTIONAL MATCH (from)-[known:${holds}|${ended}]->(to)
WITH row, from, to, known
WHERE coalesce(known.version, 0) < row.version
DELETE known
FOREACH (_ IN CASE WHEN row.holds THEN [1] ELSE [] END |
  CREATE (from)-[:${holds} {since: datetime(row.at), version: row.version}]->(to))
FOREACH (_ IN CASE WHEN row.holds THEN [] ELSE [1] END |
  CREATE (from)-[:${ended} {since: datetime(row.at), version: row.version}]->(to))`;

const betweenUsers = (edge: Edge) =>
  then(
    lockedUsers,
    `UNWIND $rows AS row
MATCH (from:User {id: row.userId}), (to:User {id: row.targetId})
${newest(edge)}`,
  );

const lockedTargets = ({ label, key }: Likeable) => `UNWIND $targetIds AS targetId
MERGE (target:${label} {${key}: targetId})
WITH collect(target) AS targets
CALL apoc.lock.nodes(targets)`;

/** What can be liked, and what its id is called. */
interface Likeable {
  label: string;
  key: string;
}

const likeable: Record<LikeKind, Likeable> = {
  POST: { label: 'Post', key: 'id' },
  MOVIE: { label: 'Movie', key: 'id' },
  TAG: { label: 'Tag', key: 'name' },
};

const likesOf = (kind: Likeable) =>
  then(
    lockedUsers,
    lockedTargets(kind),
    `UNWIND $rows AS row
MATCH (from:User {id: row.userId}), (to:${kind.label} {${kind.key}: row.targetId})
${newest({ holds: 'LIKES', ended: 'UNLIKED' })}`,
  );

/** What the sink writes. */
export const writes = {
  users: then(
    lockedUsers,
    `UNWIND $rows AS row
MATCH (user:User {id: row.userId})
WHERE coalesce(user.version, 0) < row.version
SET user.name = row.name, user.version = row.version`,
  ),

  /** A profile tells all that somebody is interested in: a set has one version, which its user keeps. */
  interests: then(
    lockedUsers,
    lockedTargets(likeable.TAG),
    `UNWIND $rows AS row
MATCH (user:User {id: row.userId})
WHERE coalesce(user.profileVersion, 0) < row.version
SET user.profileVersion = row.version
WITH row, user
OPTIONAL MATCH (user)-[known:INTERESTED_IN]->(:Tag)
WITH row, user, collect(known) AS before
FOREACH (known IN before | DELETE known)
WITH row, user
UNWIND row.interests AS name
MATCH (tag:Tag {name: name})
CREATE (user)-[:INTERESTED_IN]->(tag)`,
  ),

  movies: then(
    lockedMovies,
    `UNWIND $rows AS row
MATCH (movie:Movie {id: row.movieId})
WHERE coalesce(movie.version, 0) < row.version
SET movie.title = row.title, movie.version = row.version`,
  ),

  follows: betweenUsers({ holds: 'FOLLOWS', ended: 'UNFOLLOWED' }),

  blocks: betweenUsers({ holds: 'BLOCKS', ended: 'UNBLOCKED' }),

  likes: { POST: likesOf(likeable.POST), MOVIE: likesOf(likeable.MOVIE), TAG: likesOf(likeable.TAG) },

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

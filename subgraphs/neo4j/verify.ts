import { someOfEach } from '../../fanout/differences.ts';
import type { Difference, Source } from '../../fanout/sink.ts';
import type { Neo4jStore } from './store.ts';

/**
 * Compares users, movies, follows, blocks and likes by version, interests by version and by name, and what was watched by its
 * last time, with the sources of truth.
 */
export async function verify(store: Neo4jStore, source: Source): Promise<Difference[]> {
  const differences = await compare(store, source);
  return someOfEach(differences, ({ what, expected }) => `${what.split(' ')[0]} ${expected === 'absent'}`);
}

/** Every difference. */
export async function compare(store: Neo4jStore, source: Source): Promise<Difference[]> {
  const missing = await expectedOf(source);
  const differences: Difference[] = [];
  for await (const [what, actual] of actualOf(store)) {
    const expected = missing.get(what) ?? 'absent';
    missing.delete(what);
    if (expected !== actual) differences.push({ what, expected, actual });
  }
  for (const [what, expected] of missing) differences.push({ what, expected, actual: 'absent' });
  return differences;
}

const versionOf = (version: number) => `version ${version}`;
/** By what is in the set, in whatever order. */
const set = (names: readonly string[], version: number) =>
  `${versionOf(version)}: ${JSON.stringify([...new Set(names)].sort())}`;
const edge = (isThere: boolean, version: number) => `${isThere ? 'present' : 'ended'}, ${versionOf(version)}`;

/** What the graph must hold, by name. */
async function expectedOf(source: Source): Promise<Map<string, string>> {
  const expected = new Map<string, string>();
  for await (const facts of source.aggregates()) {
    for (const { type, id, version } of facts) {
      if (type === 'user.signed_up') expected.set(`user ${id}`, versionOf(version));
      if (type === 'movie.changed') expected.set(`movie ${id}`, versionOf(version));
    }
  }
  for await (const facts of source.follows()) {
    for (const { followerId, followeeId, follows, version } of facts)
      expected.set(`follow ${followerId}/${followeeId}`, edge(follows, version));
  }
  for await (const facts of source.blocks()) {
    for (const { blockerId, blockedId, blocks, version } of facts)
      expected.set(`block ${blockerId}/${blockedId}`, edge(blocks, version));
  }
  for await (const facts of source.profiles()) {
    for (const { userId, interests, version } of facts) expected.set(`interests ${userId}`, set(interests, version));
  }
  for await (const facts of source.likes()) {
    for (const { userId, kind, targetId, likes, version } of facts)
      expected.set(`like ${userId}/${kind}/${targetId}`, edge(likes, version));
  }
  for await (const facts of source.playbacks()) {
    for (const { userId, movieId, lastWatchedAt } of facts)
      expected.set(`watched ${userId}/${movieId}`, lastWatchedAt.toISOString());
  }
  return expected;
}

const nodesPerPage = 500;

/** What the graph holds, by the same names: node after node, with the relationships that begin there. */
async function* actualOf(store: Neo4jStore): AsyncGenerator<[what: string, actual: string]> {
  // A node without a version is only the end of a relationship that came before it.
  const movies = `MATCH (movie:Movie) WHERE movie.id > $after
RETURN movie.id AS id, movie.version AS version ORDER BY id LIMIT $limit`;
  for await (const { id, version } of scan(store, movies))
    if (version !== null) yield [`movie ${id}`, versionOf(version)];

  const users = `MATCH (user:User) WHERE user.id > $after
WITH user ORDER BY user.id LIMIT $limit
RETURN user.id AS id, user.version AS version,
  [(user)-[edge:FOLLOWS|UNFOLLOWED]->(followee) | [followee.id, type(edge) = 'FOLLOWS', edge.version]] AS follows,
  [(user)-[edge:BLOCKS|UNBLOCKED]->(blocked) | [blocked.id, type(edge) = 'BLOCKS', edge.version]] AS blocks,
  user.profileVersion AS profileVersion, [(user)-[:INTERESTED_IN]->(tag) | tag.name] AS interests,
  [(user)-[edge:LIKES|UNLIKED]->(target) |
    [toUpper(labels(target)[0]) + '/' + coalesce(target.id, target.name), type(edge) = 'LIKES', edge.version]] AS likes,
  [(user)-[edge:WATCHED]->(movie) | [movie.id, edge.lastWatchedAt.epochMillis]] AS watched
ORDER BY id`;
  for await (const { id, version, profileVersion, interests, ...edges } of scan(store, users)) {
    const { follows, blocks, likes, watched } = edges;
    if (version !== null) yield [`user ${id}`, versionOf(version)];
    if (profileVersion !== null) yield [`interests ${id}`, set(interests, profileVersion)];
    for (const [followee, isThere, version] of follows) yield [`follow ${id}/${followee}`, edge(isThere, version)];
    for (const [blocked, isThere, version] of blocks) yield [`block ${id}/${blocked}`, edge(isThere, version)];
    for (const [target, isThere, version] of likes) yield [`like ${id}/${target}`, edge(isThere, version)];
    for (const [movie, atMs] of watched) yield [`watched ${id}/${movie}`, new Date(atMs).toISOString()];
  }
}

interface Row {
  id: string;
  version: number | null;
  /** Null where no profile has been told of. */
  profileVersion: number | null;
  interests: string[];
  follows: [followee: string, isThere: boolean, version: number][];
  blocks: [blocked: string, isThere: boolean, version: number][];
  likes: [target: string, isThere: boolean, version: number][];
  watched: [movie: string, atMs: number][];
}

/** Every row of a query over nodes, page by page; each page begins behind the last id of the one before. */
async function* scan(store: Neo4jStore, query: string): AsyncGenerator<Row> {
  for (let after = ''; ; ) {
    const { records } = await store.read(query, { after, limit: BigInt(nodesPerPage) });
    const rows = records.map((record) => record.toObject() as unknown as Row);
    yield* rows;
    const last = rows.at(-1);
    if (!last) return;
    after = last.id;
  }
}

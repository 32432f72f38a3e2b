import type { Difference, LikeFact, Source } from '../../fanout/sink.ts';
import { countDifferences, edgeCounts } from './counted.ts';
import { keys } from './keys.ts';
import { type RedisStore, replies } from './store.ts';

/** Compares every like of a post that is not deleted, by its version, and how many likes each post has. */
export async function compareLikes(
  store: RedisStore,
  source: Source,
  deleted: ReadonlySet<string>,
): Promise<Difference[]> {
  const isShown = ({ kind, targetId }: LikeFact) => kind === 'POST' && !deleted.has(targetId);
  const differences: Difference[] = [];
  const expected = new Map<string, number>();
  for await (const facts of source.likes()) {
    const edges = facts.filter(isShown).map(({ targetId, userId, version, likes }) => ({
      ...{ set: keys.postLikes(targetId), member: userId, version: likes ? version : -version, owner: targetId },
      what: `like of post ${targetId} by user ${userId}`,
    }));
    differences.push(...(await wrongEdges(store, edges, expected)));
  }
  return [...differences, ...countDifferences('likes of post', expected, await edgeCounts(store, keys.postLikes('')))];
}

/** Compares every block, by its version, and how many users each user blocks. */
export async function compareBlocks(store: RedisStore, source: Source): Promise<Difference[]> {
  const differences: Difference[] = [];
  const expected = new Map<string, number>();
  for await (const facts of source.blocks()) {
    const edges = facts.map(({ blockerId, blockedId, version, blocks }) => ({
      ...{ set: keys.blocks(blockerId), member: blockedId, version: blocks ? version : -version, owner: blockerId },
      what: `block of user ${blockedId} by user ${blockerId}`,
    }));
    differences.push(...(await wrongEdges(store, edges, expected)));
  }
  return [...differences, ...countDifferences('blocks of user', expected, await edgeCounts(store, keys.blocks('')))];
}

interface Edge {
  what: string;
  set: string;
  member: string;
  /** Negative where it was taken back. */
  version: number;
  /** Whom the set is counted for. */
  owner: string;
}

/** Those edges that Redis has not, or in another version; adds those that hold to the counts. */
async function wrongEdges(
  store: RedisStore,
  edges: readonly Edge[],
  counts: Map<string, number>,
): Promise<Difference[]> {
  const sets = [...Map.groupBy(edges, ({ set }) => set)];
  if (sets.length === 0) return [];
  for (const { owner, version } of edges) if (version > 0) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  const members = sets.map(([, ofSet]) => ofSet.map(({ member }) => member));
  const statement = {
    text: 'ZMSCORE <key> <member> …\n…',
    parameters: { key: sets.map(([set]) => set), member: members },
    isRead: true,
  };
  const scores = await store.call(statement, async (redis) => {
    const pipeline = redis.pipeline();
    for (const [index, [set]] of sets.entries()) pipeline.zmscore(set, ...(members[index] ?? []));
    return (await replies(pipeline)) as (string | null)[][];
  });
  return sets.flatMap(([, ofSet], set) =>
    ofSet.flatMap(({ what, version }, edge): Difference[] => {
      const score = scores[set]?.[edge] ?? null;
      if (Number(score) === version) return [];
      return [{ what, expected: describe(version), actual: score === null ? 'absent' : describe(Number(score)) }];
    }),
  );
}

const describe = (version: number) => `${version < 0 ? 'taken back' : 'given'} in version ${Math.abs(version)}`;

import type { Difference, LikeFact, Source } from '../../fanout/sink.ts';
import { counters, likeCounts, notSeen } from './counted.ts';
import { keys } from './keys.ts';
import { mayBeForgotten } from './seen.ts';
import { type RedisStore, replies } from './store.ts';

/**
 * Compares each post's views and likes, every like by its version, the ids of the views of the last days, and which posts
 * are deleted. A deleted post has no counters, although the sources still tell of its likes and views.
 */
export async function comparePosts(store: RedisStore, source: Source): Promise<Difference[]> {
  const { deleted, differences } = await compareDeletions(store, source);
  const views = await compareViews(store, source, deleted);
  const likes = await compareLikes(store, source, deleted);
  return [...differences, ...views, ...likes];
}

async function compareDeletions(store: RedisStore, source: Source) {
  const deleted = new Set<string>();
  const differences: Difference[] = [];
  for await (const posts of source.posts()) {
    if (posts.length === 0) continue;
    const ids = posts.map(({ id }) => id);
    const statement = { text: `SMISMEMBER ${keys.deletedPosts} <id> …`, parameters: { id: ids }, isRead: true };
    const members = await store.call(statement, (redis) => redis.smismember(keys.deletedPosts, ...ids));
    for (const [index, { id, isDeleted }] of posts.entries()) {
      if (isDeleted) deleted.add(id);
      const [expected, actual] = [isDeleted, members[index] === 1].map((is) => (is ? 'deleted' : 'not deleted'));
      if (expected !== actual) differences.push({ what: `post ${id}`, expected: `${expected}`, actual: `${actual}` });
    }
  }
  return { deleted, differences };
}

async function compareViews(store: RedisStore, source: Source, deleted: ReadonlySet<string>): Promise<Difference[]> {
  const differences: Difference[] = [];
  const expected = new Map<string, number>();
  // Kafka may hold a view twice: whoever reported it tried again.
  const ids = new Set<string>();
  for await (const events of source.postViews()) {
    const views = events.filter(({ id, data }) => !deleted.has(data.postId) && !ids.has(id) && ids.add(id));
    for (const { data } of views) expected.set(data.postId, (expected.get(data.postId) ?? 0) + 1);
    const missing = await notSeen(
      store,
      views.map(({ id }) => id).filter((id) => !mayBeForgotten(id)),
    );
    for (const id of missing) differences.push({ what: `view ${id}`, expected: 'counted', actual: 'not counted' });
  }
  const shown = await counters(store, keys.postViews(''));
  return [...differences, ...countDifferences('views', expected, shown)];
}

async function compareLikes(store: RedisStore, source: Source, deleted: ReadonlySet<string>): Promise<Difference[]> {
  const differences: Difference[] = [];
  const expected = new Map<string, number>();
  for await (const facts of source.likes()) {
    const likes = facts.filter(({ kind, targetId }) => kind === 'POST' && !deleted.has(targetId));
    for (const { targetId, likes: holds } of likes)
      if (holds) expected.set(targetId, (expected.get(targetId) ?? 0) + 1);
    differences.push(...(await wrongEdges(store, likes)));
  }
  const shown = await likeCounts(store, keys.postLikes(''));
  return [...differences, ...countDifferences('likes', expected, shown)];
}

/** Those likes that Redis has not, or in another version. */
async function wrongEdges(store: RedisStore, likes: readonly LikeFact[]): Promise<Difference[]> {
  const posts = [...Map.groupBy(likes, ({ targetId }) => targetId)];
  if (posts.length === 0) return [];
  const userIds = posts.map(([, edges]) => edges.map(({ userId }) => userId));
  const statement = {
    text: `ZMSCORE ${keys.postLikes('<postId>')} <userId> …\n…`,
    parameters: { postId: posts.map(([id]) => id), userId: userIds },
    isRead: true,
  };
  const scores = await store.call(statement, async (redis) => {
    const pipeline = redis.pipeline();
    for (const [index, [postId]] of posts.entries()) {
      pipeline.zmscore(keys.postLikes(postId), ...(userIds[index] ?? []));
    }
    return (await replies(pipeline)) as (string | null)[][];
  });
  return posts.flatMap(([postId, edges], post) =>
    edges.flatMap(({ userId, version, likes: holds }, edge): Difference[] => {
      const [expected, score] = [holds ? version : -version, scores[post]?.[edge] ?? null];
      if (Number(score) === expected) return [];
      const actual = score === null ? 'absent' : describe(Number(score));
      return [{ what: `like of post ${postId} by user ${userId}`, expected: describe(expected), actual }];
    }),
  );
}

const describe = (version: number) => `${version < 0 ? 'taken back' : 'given'} in version ${Math.abs(version)}`;

function countDifferences(
  kind: string,
  expected: ReadonlyMap<string, number>,
  shown: ReadonlyMap<string, number>,
): Difference[] {
  return [...new Set([...expected.keys(), ...shown.keys()])].flatMap((postId) => {
    const [count, actual] = [expected.get(postId) ?? 0, shown.get(postId) ?? 0];
    return actual === count
      ? []
      : [{ what: `${kind} of post ${postId}`, expected: String(count), actual: String(actual) }];
  });
}

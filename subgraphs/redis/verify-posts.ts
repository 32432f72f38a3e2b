import type { Difference, Source } from '../../fanout/sink.ts';
import { countDifferences, counters, notSeen } from './counted.ts';
import { keys } from './keys.ts';
import { mayBeForgotten } from './seen.ts';
import type { RedisStore } from './store.ts';
import { compareLikes } from './verify-edges.ts';

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
  return [...differences, ...countDifferences('views of post', expected, shown)];
}

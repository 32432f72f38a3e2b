import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StreamEvent } from '../../../schema/events/index.ts';
import { cassandraSink } from '../sink.ts';
import type { CassandraStore } from '../store.ts';
import { batchOf, chance } from '../testing.ts';
import { mergedAuthors } from './known.ts';
import { deleted, feedOf, followed, newId, newPost, openFeeds, rowsOf, type TestPost, written } from './testing.ts';

let store: Awaited<ReturnType<typeof openFeeds>>;
beforeAll(async () => {
  store = await openFeeds();
});
afterAll(() => store[Symbol.asyncDispose]());

const mostFollowers = 3;

/** What happens among some users: the events of each follow and each post in their order, and what comes of them. */
function historyOf(random: () => number) {
  const below = (limit: number) => Math.floor(random() * limit);
  const users = Array.from({ length: 6 }, () => newId('u'));
  // Few follow the first, many the last: some authors are spread, some are merged.
  const follows = users.flatMap((userId) =>
    users.flatMap((authorId, index) => {
      const changes = userId === authorId || random() > (index + 1) / 6 ? 0 : 1 + below(4);
      return changes === 0 ? [] : [{ userId, authorId, changes }];
    }),
  );
  const posts = Array.from({ length: 14 }, (_, n) => ({
    ...{ post: newPost(users[below(6)] as string, 1 + Math.floor(n / 2)), edits: below(3), isDeleted: random() < 0.4 },
    tellsCreation: random() < 0.7,
  }));
  const edgeEvents = follows.map(({ userId, authorId, changes }) =>
    Array.from({ length: changes }, (_, n) => followed(userId, authorId, n + 1)),
  );
  const postEvents = posts.map(({ post, edits, isDeleted, tellsCreation }): StreamEvent[] => [
    written(post),
    ...Array.from({ length: edits }, () => written(post, new Date())),
    ...(isDeleted ? [deleted(post, { tellsCreation })] : []),
  ]);
  const standing = posts.filter(({ isDeleted }) => !isDeleted).map(({ post }) => post);
  const isFollowing = (userId: string, authorId: string) =>
    follows.some((edge) => edge.userId === userId && edge.authorId === authorId && edge.changes % 2 === 1);
  const merged = users.filter(
    (authorId) => follows.filter((edge) => edge.authorId === authorId).length > mostFollowers,
  );
  const feedBy = (userId: string, isCounted: (post: TestPost) => boolean) =>
    standing
      .filter((post) => isFollowing(userId, post.authorId) && isCounted(post))
      .toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? 1 : -1))
      .map(({ id }) => id);
  return { users, edgeEvents, postEvents, merged, feedBy };
}

/** Puts lists together as they may come to stand in one partition: each keeps its order. */
function interleaved<T>(lists: readonly (readonly T[])[], random: () => number): T[] {
  const left = lists.map((list) => [...list]).filter((list) => list.length > 0);
  const result: T[] = [];
  while (left.length > 0) {
    const index = Math.floor(random() * left.length);
    const next = left[index]?.shift();
    if (next !== undefined) result.push(next);
    if (left[index]?.length === 0) left.splice(index, 1);
  }
  return result;
}

/** Some partitions of a topic: a key is always in the same one. */
function partitionsOf(keys: readonly (readonly StreamEvent[])[], random: () => number): StreamEvent[][] {
  const partitions = Map.groupBy(keys, () => Math.floor(random() * 3));
  return [...partitions.values()].map((lists) => interleaved(lists, random));
}

/** The store, which is killed in the middle of work: before a write, or after it and before its answer. */
function killedNowAndThen(random: () => number): CassandraStore {
  const orDie = () => {
    if (random() < 0.01) throw new Error('killed');
  };
  return {
    ...store,
    async write(statements) {
      orDie();
      await store.write(statements);
      orDie();
    },
  };
}

/** Applies a partition as a sink does, in batches, of which it repeats those that were cut short, and some that were not. */
async function deliver(events: readonly StreamEvent[], random: () => number): Promise<void> {
  const sink = cassandraSink(killedNowAndThen(random), { mostFollowersToSpreadTo: mostFollowers });
  for (let committed = 0; committed < events.length; ) {
    const end = committed + 1 + Math.floor(random() * 12);
    try {
      await sink.apply(batchOf(events.slice(committed, end)));
    } catch (error) {
      if ((error as Error).message !== 'killed') throw error;
      continue;
    }
    // Killed before it could commit.
    if (random() < 0.2) continue;
    committed = end;
  }
}

// The last is another in every run; whichever fails says which it was.
const seeds = [...Array.from({ length: 9 }, (_, n) => n + 1), Date.now() % 1_000_000];

test.each(seeds)(
  'whatever the order, and wherever it is cut short, feeds end as follows and posts say (seed %i)',
  {
    timeout: 120_000,
  },
  async (seed) => {
    const random = chance(seed);
    const { users, edgeEvents, postEvents, merged, feedBy } = historyOf(random);
    const partitions = [...partitionsOf(edgeEvents, random), ...partitionsOf(postEvents, random)];
    const deliverAll = () =>
      Promise.all(partitions.map((events) => deliver(events, chance(Math.floor(random() * 2 ** 31)))));

    // Twice: the second time all of it is there already, as when a group begins anew.
    for (const time of ['first', 'second']) {
      await deliverAll();
      const told = `seed ${seed}, ${time} time`;
      const marked = await mergedAuthors(store);
      const spread = (authorId: string) => !merged.includes(authorId);
      expect(users.filter((id) => marked.has(id)).toSorted(), told).toEqual(merged.toSorted());
      for (const userId of users) {
        expect(await feedOf(store, userId), told).toEqual(feedBy(userId, () => true));
        const rows = new Set(await rowsOf(store, userId));
        const wanted = feedBy(userId, ({ authorId }) => spread(authorId));
        const ofMerged = new Set(
          postEvents.flatMap(([first]) => (first && !spread(authorOf(first)) ? [first.subject] : [])),
        );
        expect([...rows].filter((id) => !ofMerged.has(id)).toSorted(), told).toEqual(wanted.toSorted());
      }
    }
  },
);

const authorOf = (event: StreamEvent) => (event.type === 'post.changed' ? event.data.authorId : '');

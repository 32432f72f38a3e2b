import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Sink } from '../../../fanout/sink.ts';
import { callsDuring } from '../../../gateway/testing.ts';
import type { StreamEvent } from '../../../schema/events/index.ts';
import { feedRetentionDays } from '../migrations.ts';
import { cassandraSink } from '../sink.ts';
import type { CassandraStore } from '../store.ts';
import { batchOf, chance } from '../testing.ts';
import { deleted, feedOf, followed, newId, newPost, openFeeds, rowsOf, type TestPost, written } from './testing.ts';

let store: Awaited<ReturnType<typeof openFeeds>>;
let sink: Sink;
beforeAll(async () => {
  store = await openFeeds();
  sink = cassandraSink(store, { mostFollowersToSpreadTo: 3 });
});
afterAll(() => store[Symbol.asyncDispose]());

const apply = (...events: StreamEvent[]) => sink.apply(batchOf(events));
const idsOf = (posts: readonly TestPost[]) => posts.map(({ id }) => id);

test('a post is spread to those who follow its author, and a follow brings what is there already', async () => {
  const [reader, author] = [newId('u'), newId('u')];
  const [before, after] = [newPost(author, 9), newPost(author, 5)];
  await apply(written(before));
  expect(await feedOf(store, reader)).toEqual([]);
  await apply(followed(reader, author));
  await apply(written(after));
  expect(await feedOf(store, reader)).toEqual([after.id, before.id]);
  expect(await feedOf(store, newId('u'))).toEqual([]);
});

test('a follow brings all that its author has written, also more than a batch of rows holds', async () => {
  const [reader, author] = [newId('u'), newId('u')];
  const posts = Array.from({ length: 70 }, (_, n) => newPost(author, n + 1));
  await apply(...posts.map((post) => written(post)));
  await apply(followed(reader, author));
  expect(await rowsOf(store, reader)).toEqual(idsOf(posts));
  await apply(followed(reader, author, 2));
  expect(await rowsOf(store, reader)).toEqual([]);
});

test('an unfollow and a deletion remove; following again brings back', async () => {
  const [reader, author] = [newId('u'), newId('u')];
  const [kept, gone] = [newPost(author, 9), newPost(author, 5)];
  await apply(followed(reader, author));
  await apply(written(kept), written(gone));
  await apply(deleted(gone));
  expect(await rowsOf(store, reader)).toEqual([kept.id]);
  await apply(followed(reader, author, 2));
  expect(await rowsOf(store, reader)).toEqual([]);
  await apply(followed(reader, author, 3));
  expect(await rowsOf(store, reader)).toEqual([kept.id]);
  // Whatever is redriven from before.
  await apply(followed(reader, author, 2), written(gone), written(gone, new Date()));
  expect(await rowsOf(store, reader)).toEqual([kept.id]);
});

test('a deletion from before they told when the post was written finds it all the same', async () => {
  const [reader, author] = [newId('u'), newId('u')];
  const post = newPost(author);
  await apply(followed(reader, author), written(post));
  await apply(deleted(post, { tellsCreation: false }));
  expect(await rowsOf(store, reader)).toEqual([]);
  await apply(written(post));
  await apply(written(post, new Date()));
  expect(await rowsOf(store, reader)).toEqual([]);
  // Nor does it come to somebody who follows only now.
  const later = newId('u');
  await apply(followed(later, author));
  expect(await rowsOf(store, later)).toEqual([]);
});

/** The store, which is killed before its n-th write; tells whether it came so far. */
function killedBefore(writes: number) {
  const killed = new Error('killed');
  let left = writes;
  const dying: CassandraStore = {
    ...store,
    async write(statements) {
      left -= 1;
      if (left <= 0) throw killed;
      await store.write(statements);
    },
  };
  return async (event: StreamEvent): Promise<boolean> => {
    const applied = cassandraSink(dying, { mostFollowersToSpreadTo: 3 }).apply(batchOf([event]));
    await applied.catch((error) => {
      if (error !== killed) throw error;
    });
    return left <= 0;
  };
}

test.each([true, false])(
  'a deletion that was cut short before any of its writes removes the post the next time (it tells when the post was written: %s)',
  async (tellsCreation) => {
    // The deed, the mark, the place where the event does not tell it, the withdrawal, and two followers' rows.
    const writes = tellsCreation ? 5 : 6;
    for (let nth = 1; nth <= writes + 1; nth += 1) {
      const [one, other, author] = [newId('u'), newId('u'), newId('u')];
      const [kept, gone] = [newPost(author, 9), newPost(author, 5)];
      await apply(followed(one, author), followed(other, author), written(kept), written(gone));
      const deletion = deleted(gone, { tellsCreation });
      expect(await killedBefore(nth)(deletion)).toBe(nth <= writes);
      await apply(deletion);
      expect([await rowsOf(store, one), await rowsOf(store, other)], `killed before write ${nth}`).toEqual([
        ...[[kept.id], [kept.id]],
      ]);
    }
  },
);

test('of events that are applied side by side, in any order and any number of times, the end is the same', async () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const random = chance(seed);
    const [reader, other, author] = [newId('u'), newId('u'), newId('u')];
    const posts = Array.from({ length: 4 }, (_, n) => newPost(author, n + 1));
    const [first, second, third, fourth] = posts as [TestPost, TestPost, TestPost, TestPost];
    const events = [
      ...posts.map((post) => written(post)),
      written(first, new Date()),
      ...[deleted(second), deleted(third, { tellsCreation: seed % 2 === 0 })],
      ...[1, 2, 3].map((version) => followed(reader, author, version)),
      ...[1, 2].map((version) => followed(other, author, version)),
    ];
    const shuffled = [...events, ...events].map((event) => ({ event, at: random() })).toSorted((a, b) => a.at - b.at);
    await Promise.all(shuffled.map(({ event }) => apply(event)));
    expect(await rowsOf(store, reader), `seed ${seed}`).toEqual([first.id, fourth.id]);
    expect(await rowsOf(store, other), `seed ${seed}`).toEqual([]);
  }
});

/** A member of the group that is held up at a read of a table, as by a long pause, until it is told to go on. */
function heldUpAt(table: string) {
  const [reached, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const slow: CassandraStore = {
    ...store,
    async *scan(query, params) {
      if (query.includes(table)) {
        reached.resolve();
        await goOn.promise;
      }
      yield* store.scan(query, params);
    },
  };
  return { apply: (event: StreamEvent) => cassandraSink(slow).apply(batchOf([event])), reached, goOn };
}

test('a follow that is still at work when others have gone on to its end leaves nothing behind', async () => {
  const [reader, author] = [newId('u'), newId('u')];
  const slow = heldUpAt('posts_by_author');
  const working = slow.apply(followed(reader, author));
  await slow.reached.promise;
  await apply(followed(reader, author, 2));
  // Nobody has told the one who unfollowed of this post; the slow one finds it.
  await apply(written(newPost(author)));
  slow.goOn.resolve();
  await working;
  expect(await rowsOf(store, reader)).toEqual([]);
});

test('a post that is still spread when others have gone on to its deletion leaves nothing behind', async () => {
  const [reader, author] = [newId('u'), newId('u')];
  const post = newPost(author);
  const slow = heldUpAt('followers_by_author');
  const working = slow.apply(written(post));
  await slow.reached.promise;
  await apply(deleted(post));
  // The deletion has not met this one; the slow one does.
  await apply(followed(reader, author));
  slow.goOn.resolve();
  await working;
  expect(await rowsOf(store, reader)).toEqual([]);
});

test('a post costs those who have ceased to follow nothing', async () => {
  const [reader, author] = [newId('u'), newId('u')];
  await apply(followed(reader, author), followed(reader, author, 2));
  const calls = await callsDuring(() => apply(written(newPost(author))));
  expect(calls.filter(({ statement }) => statement.includes('feed_by_user'))).toEqual([]);
});

test('whoever has too many followers is merged in, in place of being spread, and nobody sees the difference', async () => {
  const [author, small] = [newId('u'), newId('u')];
  const readers = Array.from({ length: 5 }, () => newId('u'));
  const [one] = readers as [string];
  const feeds = () => Promise.all(readers.map((reader) => feedOf(store, reader)));
  const [early, late, between] = [newPost(author, 9), newPost(author, 3), newPost(small, 6)];
  await apply(written(early), written(between));
  // The last to come is one too many; what the first three have of the author stays, and is taken no heed of.
  for (const reader of readers) await apply(followed(reader, author));
  for (const reader of readers.slice(0, 3)) await apply(followed(reader, small));
  expect(await rowsOf(store, one)).toEqual([between.id, early.id]);
  await apply(written(late));
  expect(await feeds()).toEqual(readers.map((_, n) => (n < 3 ? [late.id, between.id, early.id] : [late.id, early.id])));
  for (const reader of readers) expect(await rowsOf(store, reader)).not.toContain(late.id);
  await apply(deleted(early));
  expect(await feedOf(store, one)).toEqual([late.id, between.id]);
  await apply(followed(one, author, 2));
  expect(await feedOf(store, one)).toEqual([between.id]);
  await apply(followed(one, author, 3));
  expect(await feedOf(store, one)).toEqual([late.id, between.id]);
});

test('a post finds that its author has become too much to spread, where no follow has found it', async () => {
  const author = newId('u');
  const readers = Array.from({ length: 4 }, () => newId('u'));
  const patient = cassandraSink(store, { mostFollowersToSpreadTo: 4 });
  await patient.apply(batchOf(readers.map((reader) => followed(reader, author))));
  const post = newPost(author);
  await apply(written(post));
  expect(await rowsOf(store, readers[0] as string)).toEqual([]);
  expect(await feedOf(store, readers[0] as string)).toEqual([post.id]);
});

test('a post that has had its time is in nobody’s feed, and costs nobody a thing', async () => {
  const [reader, author] = [newId('u'), newId('u')];
  const old = newPost(author, (feedRetentionDays + 1) * 24 * 60);
  await apply(followed(reader, author));
  const calls = await callsDuring(() => apply(written(old), deleted(old)));
  expect(calls.filter(({ statement }) => /feed_by_user|posts_by_author|followers_by_author/.test(statement))).toEqual(
    [],
  );
  expect(await rowsOf(store, reader)).toEqual([]);
});

test('a row expires 90 days after its post was written, however it came into the feed', async () => {
  const [early, late, author] = [newId('u'), newId('u'), newId('u')];
  const post = newPost(author, 30 * 24 * 60);
  await apply(followed(early, author), written(post));
  await apply(followed(late, author));
  const query = `SELECT TTL(author_id) AS ttl, WRITETIME(author_id) AS written
FROM ${store.keyspace}.feed_by_user WHERE user_id = ?`;
  const feeds = await store.read(query, [[early], [late]]);
  for (const [row] of feeds) {
    expect(row?.ttl / 86_400).toBeCloseTo(feedRetentionDays - 30, 2);
    expect(row?.written).toBe(1n);
  }
});

test('many follows of one author in one batch ask once what there is to bring', async () => {
  const author = newId('u');
  const sinkOfMany = cassandraSink(store);
  await apply(...[9, 8, 7].map((minutes) => written(newPost(author, minutes))));
  const readers = Array.from({ length: 40 }, () => newId('u'));
  const calls = await callsDuring(() => sinkOfMany.apply(batchOf(readers.map((reader) => followed(reader, author)))));
  const reads = calls.filter(({ statement }) => statement.startsWith('SELECT'));
  // The follows before and after, the mark, the count, the posts.
  expect(reads).toHaveLength(5);
  // Of each: a deed, two facts, and three rows in one batch.
  expect(calls.length - reads.length).toBe(readers.length * 4);
  expect(await rowsOf(store, readers[39] as string)).toHaveLength(3);
});

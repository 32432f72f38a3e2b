import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Place } from '../../../gateway/connection.ts';
import { callsDuring } from '../../../gateway/testing.ts';
import type { StreamEvent } from '../../../schema/events/index.ts';
import { cassandraSink } from '../sink.ts';
import { batchOf } from '../testing.ts';
import { mark } from './known.ts';
import { feed } from './pages.ts';
import { feedOf, followed, newId, newPost, openFeeds, type TestPost, written } from './testing.ts';

let store: Awaited<ReturnType<typeof openFeeds>>;
beforeAll(async () => {
  store = await openFeeds();
});
afterAll(() => store[Symbol.asyncDispose]());

const apply = (...events: StreamEvent[]) => cassandraSink(store).apply(batchOf(events));

/** All pages, one after the other; `between` happens after each. */
async function pagesOf(userId: string, first: number, between = async () => {}): Promise<string[][]> {
  const pages: string[][] = [];
  for (let after: Place | null = null; ; ) {
    const [page]: Awaited<ReturnType<typeof feed>> = await feed(store, [{ userId, hidden: [], first, after }]);
    const { posts, endsAt } = page ?? { posts: [], endsAt: null };
    pages.push(posts.slice(0, first).map(({ postId }) => postId));
    const last = posts[first - 1];
    after = posts.length > first && last ? { time: last.createdAt.getTime(), id: last.postId } : endsAt;
    if (after === null) return pages;
    await between();
  }
}

/** Somebody who follows two, one of whom is merged, and has ceased to follow a third; all three wrote in turn. */
async function readerOfThree() {
  const [reader, big, small, left] = [newId('u'), newId('u'), newId('u'), newId('u')];
  const sameTime = newPost(big).createdAt;
  const posts: TestPost[] = Array.from({ length: 24 }, (_, n) => {
    const post = newPost([big, small, left][n % 3] as string, 40 - n);
    return n >= 9 && n < 18 ? { ...post, createdAt: sameTime } : post;
  });
  await mark(store, big);
  await apply(...[big, small, left].map((author) => followed(reader, author)), ...posts.map((post) => written(post)));
  // The unfollow is known, and its rows are not yet removed.
  await store.write([
    {
      query: `INSERT INTO ${store.keyspace}.following_by_user (user_id, author_id, follows, version)
VALUES (?, ?, false, 2) USING TIMESTAMP 2`,
      params: [reader, left],
    },
  ]);
  const expected = posts
    .filter(({ authorId }) => authorId !== left)
    .toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? 1 : -1));
  return { reader, big, small, expected, ids: expected.map(({ id }) => id), all: posts.map(({ id }) => id) };
}

test('pages follow one another without gap or repetition, also of merged authors, and while new posts come', async () => {
  const { reader, small, big, ids, all } = await readerOfThree();
  for (const first of [1, 3, 5, 16, 100]) {
    const pages = await pagesOf(reader, first, () => apply(written(newPost(small, 0)), written(newPost(big, 0))));
    expect(pages.flat().filter((id) => all.includes(id))).toEqual(ids);
    for (const page of pages.slice(0, -1)) expect(page).toHaveLength(first);
  }
});

test('who is hidden from the reader is left out, spread or merged, and the page is full all the same', async () => {
  const { reader, big, small, expected } = await readerOfThree();
  for (const [hidden, shown] of [
    [big, small],
    [small, big],
  ] as const) {
    const others = expected.filter(({ authorId }) => authorId === shown).map(({ id }) => id);
    expect(await feedOf(store, reader, [hidden])).toEqual(others);
    const [page] = await feed(store, [{ userId: reader, hidden: [hidden], first: 5, after: null }]);
    expect(page?.posts.map(({ postId }) => postId)).toEqual(others.slice(0, 6));
  }
  expect(await feedOf(store, reader, [big, small])).toEqual([]);
});

test('fields that ask for pages of different lengths share what they ask, in few rounds', async () => {
  const { reader, ids } = await readerOfThree();
  const pages: Awaited<ReturnType<typeof feed>> = [];
  const calls = await callsDuring(async () => {
    const keys = [2, 30].map((first) => ({ userId: reader, hidden: [], first, after: null }));
    pages.push(...(await feed(store, keys)));
  });
  expect(pages.map(({ posts }) => posts.map(({ postId }) => postId))).toEqual([ids.slice(0, 3), ids]);
  // The follows, the merged authors, the first rows; the merged authors' posts; and one refill for the short page alone.
  expect(calls.length).toBeLessThanOrEqual(5);
  expect(new Set(calls.slice(0, 4).map(({ statement }) => statement)).size).toBe(4);
});

test('a search among rows that do not count is given up, and goes on with the next page', async () => {
  const [reader, gone, friend] = [newId('u'), newId('u'), newId('u')];
  const [newest, oldest] = [newPost(friend, 1), newPost(friend, 20_000)];
  await apply(followed(reader, friend), written(newest), written(oldest));
  // Left from somebody whom they do not follow: more than a page looks through.
  const insertion = `INSERT INTO ${store.keyspace}.feed_by_user (user_id, created_at, post_id, author_id)
VALUES (?, ?, ?, ?) USING TTL 3600`;
  const left = Array.from({ length: 9_000 }, (_, n) => newPost(gone, 2 + n));
  for (let from = 0; from < left.length; from += 300) {
    const rows = left.slice(from, from + 300);
    await store.write(
      rows.map(({ id, createdAt, authorId }) => ({ query: insertion, params: [reader, createdAt, id, authorId] })),
    );
  }
  const pages: string[][] = [];
  const calls = await callsDuring(async () => pages.push(...(await pagesOf(reader, 2))));
  expect(pages).toEqual([[newest.id], [oldest.id]]);
  expect(calls.length).toBeLessThanOrEqual(2 * (3 + 3));
});

test('whoever follows more than one read gives misses none of them', async () => {
  const [reader, first, last] = [newId('u'), newId('!'), newId('~')];
  const insertion = `INSERT INTO ${store.keyspace}.following_by_user (user_id, author_id, follows, version)
VALUES (?, ?, true, 1) USING TIMESTAMP 1`;
  for (let from = 0; from < 5_100; from += 300) {
    const authors = Array.from({ length: 300 }, (_, n) => `u-${from + n}`);
    await store.write(authors.map((author) => ({ query: insertion, params: [reader, author] })));
  }
  const posts = [newPost(first, 2), newPost(last, 1)];
  await apply(followed(reader, first), followed(reader, last), ...posts.map((post) => written(post)));
  expect(await feedOf(store, reader)).toEqual(posts.toReversed().map(({ id }) => id));
  await store.write([{ query: `DELETE FROM ${store.keyspace}.following_by_user WHERE user_id = ?`, params: [reader] }]);
});

test('nothing is asked of authors where none is merged', async () => {
  const [reader, friend] = [newId('u'), newId('u')];
  const post = newPost(friend);
  await apply(followed(reader, friend), written(post));
  const calls = await callsDuring(async () => expect(await feedOf(store, reader)).toEqual([post.id]));
  expect(calls).toHaveLength(3);
});

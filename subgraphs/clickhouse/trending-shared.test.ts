import { graphql } from 'graphql';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createRequest, roomContext } from '../../gateway/context.ts';
import { withRequest } from '../../gateway/request.ts';
import { subgraphSchema } from '../../gateway/subgraph.ts';
import { callsDuring } from '../../gateway/testing.ts';
import type { StreamEvent } from '../../schema/events/index.ts';
import { clickhouse } from './index.ts';
import type { ClickHouseStore } from './store.ts';
import { batchOf, eventOf, minutesAgo, openOwnDatabase, written } from './testing.ts';
import { trendingPosts } from './trending-queries.ts';

let room: Awaited<ReturnType<typeof openOwnDatabase>>;

beforeEach(async () => {
  // However slow the machine: time passes here when it is told to.
  vi.useFakeTimers({ toFake: ['performance'] });
  room = await openOwnDatabase();
  await apply([...['p1', 'p2'].map((id, index) => written(id, `a${index + 1}`)), commented('p1')]);
});
afterEach(async () => {
  await room?.[Symbol.asyncDispose]();
  vi.useRealTimers();
});

const apply = async (events: readonly StreamEvent[]) => room.open.sink?.apply(batchOf(events));
const commented = (postId: string) =>
  eventOf('comment.added', { commentId: 'c1', postId, authorId: 'u2', body: 'Body', createdAt: minutesAgo(0) });

interface Asking {
  first?: number;
  hidden?: readonly string[];
  mustBeFresh?: boolean;
  store?: ClickHouseStore;
}

const ids = async ({ first = 100, hidden = [], mustBeFresh = false, store = room.store }: Asking = {}) => {
  const [posts] = await trendingPosts(store, [{ first, hidden, mustBeFresh }]);
  return posts?.map(({ post_id }) => post_id);
};

test('those who block nobody share an answer; whoever must not read an old one asks anew, for the others too', async () => {
  expect(await ids()).toEqual(['p1']);
  await apply([commented('p2')]);
  const calls = await callsDuring(async () => {
    expect(await ids()).toEqual(['p1']);
    expect(await ids({ first: 1 })).toEqual(['p1']);
  });
  expect(calls).toEqual([]);
  expect(await ids({ mustBeFresh: true })).toEqual(['p1', 'p2']);
  expect(await callsDuring(async () => expect(await ids()).toEqual(['p1', 'p2']))).toEqual([]);
});

test('after five seconds ClickHouse is asked again', async () => {
  expect(await ids()).toEqual(['p1']);
  await apply([commented('p2')]);
  vi.advanceTimersByTime(4_999);
  expect(await ids()).toEqual(['p1']);
  vi.advanceTimersByTime(1);
  expect(await ids()).toEqual(['p1', 'p2']);
});

test('whoever blocks somebody gets an answer of their own, which nobody else gets', async () => {
  expect(await ids({ hidden: ['a1'] })).toEqual([]);
  expect(await ids()).toEqual(['p1']);
  await apply([commented('p2')]);
  expect(await ids({ hidden: ['a1'] })).toEqual(['p2']);
  expect(await ids({ hidden: ['a2'] })).toEqual(['p1']);
  expect(await ids()).toEqual(['p1']);
});

test('a failure is not remembered', async () => {
  await room.command('RENAME TABLE posts TO elsewhere');
  await expect(ids()).rejects.toMatchObject({ extensions: { code: 'STORE_ERROR' } });
  await room.command('RENAME TABLE elsewhere TO posts');
  expect(await ids()).toEqual(['p1']);
});

test('an answer that comes late does not take the place of one that was asked for after it', async () => {
  const late = Promise.withResolvers<void>();
  const [hasComeIn, waits] = [Promise.withResolvers<void>(), [late.promise]];
  const select: ClickHouseStore['select'] = async (statement, params) => {
    const rows = await room.store.select(statement, params);
    hasComeIn.resolve();
    await waits.shift();
    return rows as never;
  };
  const store = { ...room.store, select };
  const earlier = ids({ store });
  await hasComeIn.promise;
  vi.advanceTimersByTime(1);
  await apply([commented('p2')]);
  expect(await ids({ store })).toEqual(['p1', 'p2']);
  late.resolve();
  expect(await earlier).toEqual(['p1']);
  expect(await ids({ store })).toEqual(['p1', 'p2']);
});

test('a page asks once, however many posts it wants here and there; one that reads after an event does not get what others got', async () => {
  const schema = subgraphSchema(clickhouse);
  const sessions = { create: async () => '', find: async () => null, end: async () => {} };
  const source = '{ one: trendingPosts(first: 1) { post { id } } all: trendingPosts { post { id } } }';
  const page = async (mustBeFresh: boolean) => {
    const request = { ...createRequest({ token: null, sessions, timeoutMs: 10_000 }), mustBeFresh };
    const contextValue = roomContext(request, { name: clickhouse.name, store: room.store });
    const { data, errors } = await withRequest(request, () => graphql({ schema, source, contextValue }));
    expect(errors).toBeUndefined();
    return JSON.parse(JSON.stringify(data));
  };
  const posts = (...found: string[]) => found.map((id) => ({ post: { id } }));
  const first = await callsDuring(async () => {
    expect(await page(false)).toEqual({ one: posts('p1'), all: posts('p1') });
  });
  expect(first).toHaveLength(1);
  await apply([commented('p2')]);
  expect(await page(false)).toEqual({ one: posts('p1'), all: posts('p1') });
  const fresh = await callsDuring(async () => {
    expect(await page(true)).toEqual({ one: posts('p1'), all: posts('p1', 'p2') });
  });
  expect(fresh).toHaveLength(1);
});

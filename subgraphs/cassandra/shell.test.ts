import { Client, type types } from 'cassandra-driver';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSettings } from '../../config.ts';
import type { StoreCall } from '../../gateway/seam.ts';
import { endedCalls } from '../../gateway/testing.ts';
import { deletedAmong, mark } from './feed/known.ts';
import { feed } from './feed/pages.ts';
import { deleted, feedOf, followed, newPost, type TestPost, written } from './feed/testing.ts';
import { continueWatching, watchHistory } from './queries.ts';
import { inCqlsh } from './shell.ts';
import { cassandraSink } from './sink.ts';
import { socialActivity } from './social-activity.ts';
import { batchOf, eventOf, minutesAgo, type OwnCorner, openCorner, watchesOf } from './testing.ts';

let corner: OwnCorner;
let cqlsh: Client;
beforeAll(async () => {
  corner = await openCorner();
  const { contactPoint, datacenter } = readSettings().cassandra;
  cqlsh = new Client({
    contactPoints: [contactPoint],
    localDataCenter: datacenter,
    encoding: { useBigIntAsLong: true },
  });
  await cqlsh.connect();
});
afterAll(async () => {
  await cqlsh.shutdown();
  await corner[Symbol.asyncDispose]();
});

/** Text with all that a shell could take for its own. */
const awkward = `it's "a" \\' ? ; -- $$ {b}\nnext line; 映画`;

/** Sends a text alone, one statement after the other as cqlsh does, without parameters and unprepared. */
async function paste({ statement, parameters }: StoreCall): Promise<types.Row[][]> {
  const text = inCqlsh(statement, parameters);
  const statements = text.startsWith('BEGIN') ? [text] : text.split(/;\n(?=SELECT)/);
  const results: types.Row[][] = [];
  for (const one of statements) results.push((await cqlsh.execute(one, [], { prepare: false })).rows ?? []);
  return results;
}

const deeds = (userId: string) => [
  ...watchesOf(userId, [
    { movieId: 'm1', watchedAt: minutesAgo(3) },
    { movieId: 'm2', watchedAt: minutesAgo(2) },
    { movieId: 'm1', watchedAt: minutesAgo(1) },
  ]),
  eventOf('like.changed', {
    ...{ userId, kind: 'TAG', targetId: awkward, likes: true, changedAt: minutesAgo(1).toISOString() },
  }),
];

test('what a query asks gives the same when it is pasted into cqlsh', async () => {
  const [first, second] = [corner.user(), corner.user()];
  await cassandraSink(corner.store).apply(batchOf([...deeds(first), ...deeds(second)]));
  const start = { first: 1, after: null };
  const [[newest] = []] = await watchHistory(corner.store, [{ userId: first, ...start }]);
  const after = { time: newest?.watchedAt.getTime() ?? 0, id: newest?.eventId ?? '' };
  const calls = await endedCalls(async () => {
    const users = [first, second].map((userId) => ({ userId, ...start }));
    await watchHistory(corner.store, users.slice(0, 1));
    await watchHistory(corner.store, [{ userId: first, first: 2, after }]);
    await continueWatching(corner.store, [{ userId: first, first: 2, after: { ...after, id: awkward } }]);
    await continueWatching(corner.store, users);
    const asked = users.map((key) => ({ ...key, hidden: [] }));
    await socialActivity(corner.store, asked);
  });
  expect(calls).toHaveLength(5);
  for (const call of calls) {
    expect(plain(call.result as types.Row[][])[0]?.length).toBeGreaterThan(0);
    expect(plain(await paste(call))).toEqual(plain(call.result as types.Row[][]));
    expect(call.statement).not.toContain(first);
  }
  expect(calls.map(({ rowsOf, result }) => rowsOf?.(result))).toEqual([2, 2, 1, 4, 2]);
});

test('what the sink writes is written by what is pasted', async () => {
  const userId = corner.user();
  const calls = await endedCalls(() => cassandraSink(corner.store).apply(batchOf(deeds(userId))));
  const before = await corner.read(userId);
  expect([before.activity.length, before.places.length, before.social.length]).toEqual([3, 2, 1]);
  const other = corner.user();
  for (const { parameters, ...call } of calls) {
    const { statements } = parameters as { statements: { params: unknown[] }[] };
    const ofOther = statements.map(({ params, ...statement }) => ({
      ...{ ...statement, params: params.map((value) => (value === userId ? other : value)) },
    }));
    await paste({ ...call, parameters: { statements: ofOther } });
  }
  expect(await corner.read(other)).toEqual(JSON.parse(JSON.stringify(before).replaceAll(userId, other)));
});

test('a batch tells each of its statements once, however many rows it has', async () => {
  const user = corner.user();
  const sizes = [2, 12].map((count) =>
    watchesOf(
      user,
      Array.from({ length: count }, (_, index) => ({ movieId: 'm1', watchedAt: minutesAgo(100 - index) })),
    ),
  );
  const texts = [];
  for (const events of sizes) {
    const calls = await endedCalls(() => cassandraSink(corner.store).apply(batchOf(events)));
    texts.push(...calls.map(({ statement }) => statement));
  }
  expect(texts).toHaveLength(2);
  expect(texts[0]).toBe(texts[1]);
});

const plain = (partitions: readonly types.Row[][]) =>
  partitions.map((rows) => rows.map((row) => Object.fromEntries(row.keys().map((key) => [key, String(row[key])]))));

/** What a call of `read` or `scan` gave. */
const rowsIn = (result: unknown): types.Row[][] =>
  Array.isArray(result) ? (result as types.Row[][]) : [(result as types.ResultSet).rows];

test('what a page of the feed asks, and the sink and verify of the feed, gives the same when it is pasted', async () => {
  const { store } = corner;
  const [reader, author, big] = [corner.user(), corner.user(), corner.user()];
  const posts = [author, big, author, big].map((authorId, n) => ({
    ...newPost(authorId, 9 - n),
    id: `${awkward} ${n} ${big}`,
  }));
  const [first] = posts as [TestPost];
  await mark(store, big);
  const facts = [followed(reader, author), followed(reader, big)];
  await cassandraSink(store).apply(batchOf([...facts, ...posts.map((post) => written(post)), deleted(first)]));
  const after = { time: Date.now(), id: awkward };
  const calls = await endedCalls(async () => {
    for (const place of [null, after]) await feed(store, [{ userId: reader, hidden: [], first: 2, after: place }]);
    await cassandraSink(store).apply(batchOf([...facts, ...posts.map((post) => written(post))]));
  });
  const reads = calls.filter(({ statement }) => statement.startsWith('SELECT'));
  const tables = ['feed', 'following', 'posts', 'followers'].map((name) => `${name}_by_`);
  for (const table of [...tables, 'merged_authors', 'deleted_posts']) {
    expect(reads.filter(({ statement }) => statement.includes(table)).length).toBeGreaterThan(0);
  }
  for (const call of reads) {
    const rows = rowsIn(call.result);
    // Other tests mark authors of theirs meanwhile, and fill no partition of these.
    if (!call.statement.includes('merged_authors')) expect(plain(await paste(call))).toEqual(plain(rows));
    expect(call.rowsOf?.(call.result)).toBe(rows.flat().length);
    for (const id of [reader, author, big]) expect(call.statement).not.toContain(id);
  }
});

test('what the sink writes of feeds is written by what is pasted', async () => {
  const { store } = corner;
  const [reader, author] = [corner.user(), corner.user()];
  const posts = [3, 2, 1].map((minutes) => newPost(author, minutes));
  const [gone] = posts as [TestPost];
  const events = [
    ...[followed(reader, author), ...posts.map((post) => written(post))],
    ...[followed(reader, corner.user()), followed(reader, corner.user(), 2)],
  ];
  const deletion = deleted(gone, { tellsCreation: false });
  const calls = await endedCalls(async () => {
    for (const some of [events, [deletion]]) await cassandraSink(store).apply(batchOf(some));
  });
  const others = new Map([reader, author, ...posts.map(({ id }) => id)].map((id) => [id, corner.user()]));
  const nameOf = (value: unknown) => others.get(value as string) ?? value;
  for (const call of calls.filter(({ statement }) => statement.startsWith('BEGIN'))) {
    const { statements } = call.parameters as { statements: { params: unknown[] }[] };
    const ofOthers = statements.map(({ params, ...statement }) => ({ ...statement, params: params.map(nameOf) }));
    await paste({ ...call, parameters: { statements: ofOthers } });
  }
  const standing = posts.slice(1).map(({ id }) => id);
  expect(await feedOf(store, reader)).toEqual(standing.toReversed());
  expect(await feedOf(store, others.get(reader) as string)).toEqual(standing.toReversed().map(nameOf));
  for (const id of [gone.id, nameOf(gone.id) as string]) {
    expect(await deletedAmong(store, [id])).toEqual(new Map([[id, gone.createdAt]]));
  }
});

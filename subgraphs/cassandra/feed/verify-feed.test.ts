import { v7 } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FollowFact, PostFact } from '../../../fanout/sink.ts';
import { joinSources } from '../../../fanout/source.ts';
import { feedRetentionDays } from '../migrations.ts';
import { cassandraSink } from '../sink.ts';
import { batchOf } from '../testing.ts';
import { deleted, followed, newId, newPost, openFeeds, type TestPost, written } from './testing.ts';
import { compareFeeds } from './verify-feed.ts';

let store: Awaited<ReturnType<typeof openFeeds>>;
beforeAll(async () => {
  store = await openFeeds();
});
afterAll(() => store[Symbol.asyncDispose]());

const change = () => ({ changedAt: new Date(), eventId: v7() });
const followFact = (followerId: string, followeeId: string, version = 1): FollowFact => ({
  ...{ followerId, followeeId, follows: version % 2 === 1, version, ...change() },
});
const postFact = ({ id, authorId, createdAt }: TestPost, isDeleted = false): PostFact => ({
  ...{ id, authorId, createdAt, isDeleted, movieId: null, title: '', body: '', tags: [], version: 1, eventId: v7() },
});

/** One who follows a spread author and a merged one, and has followed a third; each has a post, and one that was deleted. */
async function scene() {
  const [reader, author, big, left] = [newId('u'), newId('u'), newId('u'), newId('u')];
  const fans = [newId('u'), newId('u')];
  const authors = [author, big, left];
  const posts = authors.map((authorId) => newPost(authorId, 5));
  const gone = authors.map((authorId) => newPost(authorId, 6));
  const old = newPost(author, (feedRetentionDays + 1) * 24 * 60);
  await cassandraSink(store, { mostFollowersToSpreadTo: 2 }).apply(
    batchOf([
      ...[author, big, left].map((authorId) => followed(reader, authorId)),
      followed(reader, left, 2),
      ...fans.map((fan) => followed(fan, big)),
      ...[...posts, ...gone, old].map((post) => written(post)),
      ...gone.map((post) => deleted(post)),
    ]),
  );
  const follows = [
    ...[followFact(reader, author), followFact(reader, big), followFact(reader, left, 2)],
    ...fans.map((fan) => followFact(fan, big)),
  ];
  const facts = [...[...posts, old].map((post) => postFact(post)), ...gone.map((post) => postFact(post, true))];
  const own = [reader, author, big, left, ...fans, ...[...posts, ...gone, old].map(({ id }) => id)];
  const source = joinSources([
    {
      async *follows() {
        yield follows;
      },
      async *posts() {
        yield facts;
      },
    },
  ]);
  /** Cassandra is shared: whatever other tests write differs from this source. */
  const differences = async () => {
    const all = await Promise.all(compareFeeds(store, source).map((comparison) => Array.fromAsync(comparison)));
    return all.flat().filter(({ what }) => own.some((id) => what.includes(id)));
  };
  return { reader, author, big, left, posts, follows, facts, own, differences };
}

const run = (query: string, ...params: unknown[]) => store.write([{ query, params }]);

test('nothing differs after what the sink has made of the events', async () => {
  const { differences } = await scene();
  expect(await differences()).toEqual([]);
});

test('a row that a feed lacks, and one that it has too much, are named; of merged authors nothing is wanted there', async () => {
  const { reader, author, big, left, posts, differences } = await scene();
  const [post, ofBig, ofLeft] = posts as [TestPost, TestPost, TestPost];
  const feeds = `${store.keyspace}.feed_by_user`;
  const deletion = `DELETE FROM ${feeds} USING TIMESTAMP 9 WHERE user_id = ? AND created_at = ? AND post_id = ?`;
  const insertion = `INSERT INTO ${feeds} (user_id, created_at, post_id, author_id) VALUES (?, ?, ?, ?)
USING TIMESTAMP 9 AND TTL 3600`;
  await run(deletion, reader, post.createdAt, post.id);
  await run(insertion, reader, ofLeft.createdAt, ofLeft.id, left);
  await run(insertion, reader, ofBig.createdAt, ofBig.id, big);
  // Somebody whom nobody has told of.
  const stranger = newId('u');
  await run(insertion, stranger, post.createdAt, post.id, author);
  const found = await differences();
  expect(found).toHaveLength(3);
  expect(found).toEqual(
    expect.arrayContaining([
      { what: `feed of user ${reader}: post ${post.id} of author ${author}`, expected: 'present', actual: 'absent' },
      { what: `feed of user ${reader}: post ${ofLeft.id} of author ${left}`, expected: 'absent', actual: 'present' },
      { what: `feed of user ${stranger}: post ${post.id} of author ${author}`, expected: 'absent', actual: 'present' },
    ]),
  );
});

test('what the tables have otherwise of follows is named, in either of them', async () => {
  const { reader, author, big, follows, differences } = await scene();
  // Two that the sink has not heard of: a new follow, and the end of one.
  const other = newId('u');
  follows.push(followFact(reader, other));
  follows.splice(0, 1, followFact(reader, author, 2));
  const following = `${store.keyspace}.following_by_user`;
  await run(`DELETE FROM ${following} USING TIMESTAMP 9 WHERE user_id = ? AND author_id = ?`, reader, big);
  const found = await differences();
  const named = (kind: string) => found.filter(({ what }) => what.startsWith(`${kind} `));
  const [present, ended] = ['present, version 1', 'ended, version 2'];
  const lacking = { what: `following ${reader}/${big}`, expected: present, actual: 'absent' };
  for (const kind of ['following', 'follower']) {
    const wanted = [
      { what: `${kind} ${reader}/${other}`, expected: present, actual: 'absent' },
      { what: `${kind} ${reader}/${author}`, expected: ended, actual: present },
      ...(kind === 'following' ? [lacking] : []),
    ];
    expect(named(kind)).toHaveLength(wanted.length);
    expect(named(kind)).toEqual(expect.arrayContaining(wanted));
  }
});

test('what the tables have otherwise of posts is named, also of a merged author', async () => {
  const { big, posts, facts, own, differences } = await scene();
  const [, ofBig] = posts as [TestPost, TestPost];
  const unheard = newPost(big, 2);
  facts.push(postFact(unheard));
  own.push(unheard.id);
  facts.splice(1, 1, postFact(ofBig, true));
  const state = ({ authorId, createdAt }: TestPost) => `by user ${authorId} at ${createdAt.toISOString()}`;
  const found = (await differences()).filter(({ what }) => what.startsWith('written '));
  expect(found).toHaveLength(2);
  expect(found).toEqual(
    expect.arrayContaining([
      { what: `written post ${unheard.id}`, expected: state(unheard), actual: 'absent' },
      { what: `written post ${ofBig.id}`, expected: 'absent', actual: state(ofBig) },
    ]),
  );
});

test('the command names it, some of each kind', async () => {
  await scene();
  // Cassandra is shared: to this source, all that is there is too much.
  const differences = await cassandraSink(store).verify(joinSources([]));
  for (const kind of ['following', 'follower', 'written']) {
    const named = differences.filter(({ what }) => what.startsWith(`${kind} `));
    expect(named.length).toBeGreaterThan(0);
    expect(named.length).toBeLessThanOrEqual(51);
  }
});

import { expect, test } from 'vitest';
import { callsDuring, openTestRoom } from '../../gateway/testing.ts';
import { followed, newPost, written } from './feed/testing.ts';
import { cassandra } from './index.ts';
import { cassandraSink } from './sink.ts';
import { batchOf, eventOf, minutesAgo, openCorner, watchesOf } from './testing.ts';

const query = (fields: string) =>
  `query ($id: ID!, $first: Int, $after: String) { _entities(representations: [{ __typename: "User", id: $id }]) { ... on User { ${fields} } } }`;
const historyQuery = query(`watchHistory(first: $first, after: $after) {
  edges { cursor node { id action movie { id } watchedAt positionSeconds durationSeconds device quality } }
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
}`);
const placesQuery = query(`continueWatching(first: $first, after: $after) {
  edges { cursor node { movie { id } positionSeconds lastWatchedAt } }
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
}`);

const activityQuery = query(`activity(first: $first, after: $after) {
  edges { cursor node { id kind happenedAt user { id } movie { id } post { id } tag details } }
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
}`);

const feedQuery = query(`feed(first: $first, after: $after) {
  edges { cursor post { id } }
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
}`);

interface Connection {
  edges: { cursor: string; node: Record<string, unknown>; post?: { id: string } | null }[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
}

async function openWithUser() {
  const corner = await openCorner();
  const room = await openTestRoom(cassandra);
  const id = corner.user();
  const blocks: string[] = [];
  const ask = async (source: string, variables: object = {}, viewerId: string | null = id) => {
    const viewer = viewerId === null ? null : { userId: viewerId, scopes: [], blocks };
    const { data, errors } = await room.execute(source, { viewer, variables: { id, ...variables } });
    const [user] = (data?._entities ?? []) as Record<string, Connection | null>[];
    return { connection: user && Object.values(user)[0], errors };
  };
  return {
    ...{ id, ask, apply: cassandraSink(corner.store).apply, newUser: corner.user },
    /** Whom the user blocks. */
    blocks,
    async [Symbol.asyncDispose]() {
      await room[Symbol.asyncDispose]();
      await corner[Symbol.asyncDispose]();
    },
  };
}

test('a watch is shown as it was recorded', async () => {
  await using user = await openWithUser();
  const watchedAt = minutesAgo(3);
  const at = watchedAt.toISOString();
  const deed = { movieId: 'm101', watchedAt, action: 'PLAY' as const, positionSeconds: 90 };
  const [event] = watchesOf(user.id, [deed]);
  await user.apply(batchOf(event ? [event] : []));

  const history = await user.ask(historyQuery);
  expect(history.errors).toBeUndefined();
  expect(history.connection?.edges.map(({ node }) => node)).toEqual([
    {
      ...{ id: event?.id, action: 'PLAY', movie: { id: 'm101' }, watchedAt: at, positionSeconds: 90 },
      ...{ durationSeconds: 30, device: 'TV', quality: 'HD' },
    },
  ]);
  const places = await user.ask(placesQuery);
  expect(places.connection?.edges.map(({ node }) => node)).toEqual([
    { movie: { id: 'm101' }, positionSeconds: 90, lastWatchedAt: at },
  ]);
});

test('what a user did beyond watching is shown newest first, with what it was done to', async () => {
  await using user = await openWithUser();
  const [followerId, userId, authorId] = [user.id, user.id, user.id];
  const times = Array.from({ length: 9 }, (_, index) => minutesAgo(20 - index).toISOString());
  const at = (index: number) => times[index] ?? '';
  const text = { authorId, postId: 'p1', movieId: 'm1', body: 'Body', attachments: [], tags: [], createdAt: at(5) };
  const nothing = { user: null, movie: null, post: null, tag: null, details: null };
  const [theUser, theMovie, thePost] = [{ id: 'u2' }, { id: 'm1' }, { id: 'p1' }];
  const deeds = [
    [
      eventOf('follow.changed', { followerId, followeeId: 'u2', follows: true, changedAt: at(0) }),
      { kind: 'FOLLOWED', user: theUser },
    ],
    [
      eventOf('follow.changed', { followerId, followeeId: 'u2', follows: false, changedAt: at(1) }, 2),
      { kind: 'UNFOLLOWED', user: theUser },
    ],
    [
      eventOf('like.changed', { userId, kind: 'MOVIE', targetId: 'm1', likes: true, changedAt: at(2) }),
      { kind: 'LIKED', movie: theMovie },
    ],
    [
      eventOf('like.changed', { userId, kind: 'TAG', targetId: 'noir', likes: true, changedAt: at(3) }),
      { kind: 'LIKED', tag: 'noir' },
    ],
    [
      eventOf('like.changed', { userId, kind: 'POST', targetId: 'p1', likes: false, changedAt: at(4) }, 2),
      { kind: 'UNLIKED', post: thePost },
    ],
    [
      eventOf('post.changed', { ...text, title: 'First', editedAt: null }),
      { kind: 'POSTED', post: thePost, movie: theMovie, details: 'First' },
    ],
    [
      eventOf('post.changed', { ...text, title: 'Second', editedAt: at(6) }, 2),
      { kind: 'EDITED', post: thePost, movie: theMovie, details: 'Second' },
    ],
    [
      eventOf('comment.added', { commentId: 'c1', postId: 'p1', authorId, body: '🎬'.repeat(101), createdAt: at(7) }),
      { kind: 'COMMENTED', post: thePost, details: '🎬'.repeat(100) },
    ],
    [
      eventOf('post.deleted', { postId: 'p1', authorId, movieId: 'm1', deletedAt: at(8) }, 4),
      { kind: 'DELETED', post: thePost, movie: theMovie },
    ],
  ] as const;
  await user.apply(batchOf(deeds.map(([event]) => event)));
  const { connection, errors } = await user.ask(activityQuery);
  expect(errors).toBeUndefined();
  expect(connection?.edges.map(({ node }) => node)).toEqual(
    deeds.map(([{ id }, deed], index) => ({ id, happenedAt: at(index), ...nothing, ...deed })).toReversed(),
  );
});

test('pages meet without a gap or a repetition, also where times are equal', async () => {
  await using user = await openWithUser();
  const sameTime = minutesAgo(1);
  const deeds = Array.from({ length: 24 }, (_, index) => ({
    movieId: `m${index}`,
    watchedAt: index % 2 === 0 ? sameTime : minutesAgo(2 + index),
  }));
  const follows = deeds.map(({ watchedAt }) => {
    const edge = { followerId: user.id, followeeId: user.newUser(), follows: true };
    return eventOf('follow.changed', { ...edge, changedAt: watchedAt.toISOString() });
  });
  const authorId = follows[0]?.data.followeeId ?? '';
  const posts = deeds.map(({ watchedAt }) => written({ ...newPost(authorId), createdAt: watchedAt }));
  await user.apply(batchOf([...watchesOf(user.id, deeds), ...follows, ...posts]));

  for (const source of [historyQuery, placesQuery, activityQuery, feedQuery]) {
    const first = 24;
    const whole = (await user.ask(source, { first })).connection as Connection;
    expect(whole.edges).toHaveLength(24);
    expect(whole.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: false });
    const paged: Connection['edges'] = [];
    let after: string | null = null;
    do {
      const { edges, pageInfo } = (await user.ask(source, { first: 4, after })).connection as Connection;
      expect(pageInfo.hasPreviousPage).toBe(after !== null);
      expect(pageInfo.startCursor).toBe(edges[0]?.cursor);
      paged.push(...edges);
      after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
    } while (after !== null);
    expect(paged).toEqual(whole.edges);
  }
});

test('without a watch or a follow: no edges and no cursors', async () => {
  await using user = await openWithUser();
  for (const source of [historyQuery, feedQuery]) {
    expect((await user.ask(source)).connection).toEqual({
      edges: [],
      pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
    });
  }
});

test('a feed has the posts of those whom the user follows, without those whom they block', async () => {
  await using user = await openWithUser();
  const [friend, pest] = [user.newUser(), user.newUser()];
  const posts = [friend, pest, friend].map((authorId, n) => newPost(authorId, 9 - n));
  await user.apply(batchOf([friend, pest].map((authorId) => followed(user.id, authorId))));
  await user.apply(batchOf(posts.map((post) => written(post))));
  const shown = async () => {
    const { connection, errors } = await user.ask(feedQuery, { first: 3 });
    expect(errors).toBeUndefined();
    return connection?.edges.map(({ post }) => post?.id);
  };
  const [first, second, third] = posts.map(({ id }) => id);
  expect(await shown()).toEqual([third, second, first]);
  // The follow has not been ended yet.
  user.blocks.push(pest);
  expect(await shown()).toEqual([third, first]);
});

test('whom a user blocks is not named in what they did, and the page tells that it has no other', async () => {
  await using user = await openWithUser();
  const [friend, pest] = [user.newUser(), user.newUser()];
  const edges = [pest, friend, pest].map((followeeId, n) => {
    const changedAt = minutesAgo(9 - n).toISOString();
    return eventOf(
      'follow.changed',
      { ...{ followerId: user.id, followeeId, changedAt }, follows: n < 2 },
      n < 2 ? 1 : 2,
    );
  });
  await user.apply(batchOf(edges));
  const shown = async () => {
    const { connection, errors } = await user.ask(activityQuery, { first: 2 });
    expect(errors).toBeUndefined();
    const named = connection?.edges.map(({ node }) => (node.user as { id: string }).id);
    return { named, hasNextPage: connection?.pageInfo.hasNextPage };
  };
  expect(await shown()).toEqual({ named: [pest, friend], hasNextPage: true });
  user.blocks.push(pest);
  expect(await shown()).toEqual({ named: [friend], hasNextPage: false });
});

test('fields of one request that ask alike are one call of Cassandra', async () => {
  await using user = await openWithUser();
  for (const field of ['watchHistory', 'activity']) {
    const fields = ['a', 'b'].map((alias) => `${alias}: ${field}(first: 5) { edges { cursor } }`);
    const calls = await callsDuring(async () => {
      const { errors } = await user.ask(query(fields.join(' ')).replace('$first: Int, $after: String', ''));
      expect(errors).toBeUndefined();
    });
    expect(calls).toHaveLength(1);
  }
});

test('nobody else sees it, and Cassandra is not asked', async () => {
  await using user = await openWithUser();
  const calls = await callsDuring(async () => {
    for (const source of [historyQuery, placesQuery, activityQuery, feedQuery]) {
      const stranger = await user.ask(source, {}, null);
      expect(stranger.connection).toBeNull();
      expect(stranger.errors?.[0]?.extensions).toMatchObject({ code: 'UNAUTHENTICATED' });
      const other = await user.ask(source, {}, 'somebody-else');
      expect(other.connection).toBeNull();
      expect(other.errors?.[0]?.extensions).toMatchObject({ code: 'FORBIDDEN' });
    }
  });
  expect(calls).toEqual([]);
});

const base64url = (text: string) => Buffer.from(text).toString('base64url');

test.each([
  ['first', { first: 0 }],
  ['first', { first: 101 }],
  ['after', { after: '' }],
  ['after', { after: 'nonsense' }],
  ['after', { after: base64url('1 not-a-uuid') }],
  ['after', { after: base64url('9999999999999999 0198c0de-0000-7000-8000-000000000000') }],
  ['after', { after: 'x'.repeat(10_000) }],
])('a wrong %s is refused: %o', async (argument, variables) => {
  await using user = await openWithUser();
  for (const source of [historyQuery, activityQuery]) {
    const { connection, errors } = await user.ask(source, variables);
    expect(connection).toBeNull();
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument: [argument] });
  }
});

import { expect, test } from 'vitest';
import { callsDuring, openTestRoom } from '../../gateway/testing.ts';
import { cassandra } from './index.ts';
import { cassandraSink } from './sink.ts';
import { batchOf, minutesAgo, openCorner, watchesOf } from './testing.ts';

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

interface Connection {
  edges: { cursor: string; node: Record<string, unknown> }[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
}

async function openWithUser() {
  const corner = await openCorner();
  const room = await openTestRoom(cassandra);
  const id = corner.user();
  const ask = async (source: string, variables: object = {}, viewerId: string | null = id) => {
    const viewer = viewerId === null ? null : { userId: viewerId, scopes: [] };
    const { data, errors } = await room.execute(source, { viewer, variables: { id, ...variables } });
    const [user] = (data?._entities ?? []) as Record<string, Connection | null>[];
    return { connection: user && Object.values(user)[0], errors };
  };
  return {
    ...{ id, ask, apply: cassandraSink(corner.store).apply },
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

test('pages meet without a gap or a repetition, also where times are equal', async () => {
  await using user = await openWithUser();
  const sameTime = minutesAgo(1);
  const deeds = Array.from({ length: 24 }, (_, index) => ({
    movieId: `m${index}`,
    watchedAt: index % 2 === 0 ? sameTime : minutesAgo(2 + index),
  }));
  await user.apply(batchOf(watchesOf(user.id, deeds)));

  for (const source of [historyQuery, placesQuery]) {
    const whole = (await user.ask(source)).connection as Connection;
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

test('without a watch: no edges and no cursors', async () => {
  await using user = await openWithUser();
  expect((await user.ask(historyQuery)).connection).toEqual({
    edges: [],
    pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
  });
});

test('fields of one request that ask alike are one call of Cassandra', async () => {
  await using user = await openWithUser();
  const fields = ['a', 'b'].map((alias) => `${alias}: watchHistory(first: 5) { edges { cursor } }`);
  const calls = await callsDuring(async () => {
    const { errors } = await user.ask(query(fields.join(' ')).replace('$first: Int, $after: String', ''));
    expect(errors).toBeUndefined();
  });
  expect(calls).toHaveLength(1);
});

test('nobody else sees it, and Cassandra is not asked', async () => {
  await using user = await openWithUser();
  const calls = await callsDuring(async () => {
    for (const source of [historyQuery, placesQuery]) {
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
  const { connection, errors } = await user.ask(historyQuery, variables);
  expect(connection).toBeNull();
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument: [argument] });
});

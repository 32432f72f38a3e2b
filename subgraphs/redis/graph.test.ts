import { type ExecutionResult, graphql } from 'graphql';
import { expect, test } from 'vitest';
import { createRequest, roomContext } from '../../gateway/context.ts';
import { subgraphSchema } from '../../gateway/subgraph.ts';
import { callsDuring, openTestRoom } from '../../gateway/testing.ts';
import { redis } from './index.ts';
import { redisSessions } from './sessions.ts';
import { redisSink } from './sink.ts';
import { openCorner } from './testing.ts';

const movies = `query ($movies: [_Any!]!) { _entities(representations: $movies) { ... on Movie { id viewCount rank } } }`;
const representation = (id: string) => ({ __typename: 'Movie', id });

test('views and ranks of 50 movies are one call of Redis', async () => {
  await using corner = openCorner();
  await using room = await openTestRoom(redis);
  const ids = Array.from({ length: 50 }, () => corner.movie());
  const [often = '', once = '', never = ''] = ids;
  await redisSink(corner.store).apply(
    corner.batch(
      0,
      [often, often, once].map((id) => corner.play(id)),
    ),
  );

  let answer: ExecutionResult = {};
  const calls = await callsDuring(async () => {
    answer = await room.execute(movies, { variables: { movies: ids.map(representation) } });
  });

  const { data, errors } = answer;
  expect(errors).toBeUndefined();
  expect(calls).toHaveLength(1);
  const answers = data?._entities as { id: string; viewCount: number; rank: number | null }[];
  expect(answers.map(({ id }) => id)).toEqual(ids);
  expect(answers.map(({ viewCount }) => viewCount).slice(0, 3)).toEqual([2, 1, 0]);
  const rankOf = (id: string) => answers.find((answer) => answer.id === id)?.rank as number;
  expect(rankOf(often)).toBeGreaterThanOrEqual(1);
  expect(rankOf(once)).toBeGreaterThan(rankOf(often));
  expect(rankOf(never)).toBeNull();
});

test('views and likes of 50 posts are one call of Redis', async () => {
  await using corner = openCorner();
  await using room = await openTestRoom(redis);
  const ids = Array.from({ length: 50 }, () => corner.post());
  const [viewed = '', liked = '', takenBack = ''] = ids;
  const sink = redisSink(corner.store);
  await sink.apply(corner.batch(0, [corner.view(viewed), corner.view(viewed), corner.view(liked)]));
  const given = { likes: true, version: 1 };
  await sink.apply(
    corner.batch(0, [
      corner.like(liked, 'u1', given),
      corner.like(liked, 'u2', given),
      corner.like(takenBack, 'u1', given),
      corner.like(takenBack, 'u1', { likes: false, version: 2 }),
    ]),
  );
  const posts = ids.map((id) => ({ __typename: 'Post', id }));
  let answer: ExecutionResult = {};
  const calls = await callsDuring(async () => {
    const source =
      'query ($posts: [_Any!]!) { _entities(representations: $posts) { ... on Post { viewCount likeCount } } }';
    answer = await room.execute(source, { variables: { posts } });
  });
  expect(answer.errors).toBeUndefined();
  expect(calls).toHaveLength(1);
  const none = { viewCount: 0, likeCount: 0 };
  expect(answer.data?._entities).toEqual([
    { viewCount: 2, likeCount: 0 },
    { viewCount: 1, likeCount: 2 },
    ...ids.slice(2).map(() => none),
  ]);
});

test('trendingMovies gives as many as asked, best first', async () => {
  await using corner = openCorner();
  await using room = await openTestRoom(redis);
  await redisSink(corner.store).apply(
    corner.batch(
      0,
      [corner.movie(), corner.movie()].map((id) => corner.play(id)),
    ),
  );
  const { data, errors } = await room.execute('{ trendingMovies(first: 2) { score movie { id } } }');
  expect(errors).toBeUndefined();
  const movies = data?.trendingMovies as { score: number; movie: { id: string } }[];
  expect(movies).toHaveLength(2);
  expect(movies[0]?.movie.id).toEqual(expect.any(String));
  expect(movies[0]?.score).toBeGreaterThanOrEqual(movies[1]?.score ?? Number.NaN);
});

test.each([0, -1, 101])('trendingMovies(first: %i) is refused', async (first) => {
  await using room = await openTestRoom(redis);
  const { data, errors } = await room.execute(`{ trendingMovies(first: ${first}) { score } }`);
  expect(data).toEqual({ trendingMovies: null });
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument: ['first'] });
});

test('logout ends the session of the token; a visitor has none', async () => {
  await using corner = openCorner();
  const sessions = redisSessions(corner.store);
  const logout = (token: string | null) => {
    const request = createRequest({ token, sessions, timeoutMs: 5_000 });
    const contextValue = roomContext(request, { name: 'redis', store: corner.store });
    return graphql({ schema: subgraphSchema(redis), source: 'mutation { logout { loggedOut } }', contextValue });
  };
  const token = await sessions.create({ userId: 'u-logout', scopes: [] });
  expect(await logout(token)).toEqual({ data: { logout: { loggedOut: true } } });
  expect(await sessions.find(token)).toBeNull();
  expect(await logout(null)).toEqual({ data: { logout: { loggedOut: false } } });
});

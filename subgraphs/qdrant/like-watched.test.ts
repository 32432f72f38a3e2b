import { graphql } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRequest, roomContext } from '../../gateway/context.ts';
import { codedError } from '../../gateway/errors.ts';
import { subgraphSchema } from '../../gateway/subgraph.ts';
import { callsDuring, openTestRoom, type TestRoom } from '../../gateway/testing.ts';
import { createRandom, type Random } from '../../seed/generate/random.ts';
import { qdrant } from './index.ts';
import { type MovieLikeWatched, moviesLikeWatched } from './like-watched.ts';
import { qdrantSink } from './sink.ts';
import { batchOf, movieChanged, type OwnCorner, openCorner, watched } from './testing.ts';

let corner: OwnCorner;
let room: TestRoom;
beforeAll(async () => {
  corner = await openCorner();
  room = await openTestRoom(qdrant);
});
afterAll(async () => {
  await room?.[Symbol.asyncDispose]();
  await corner?.[Symbol.asyncDispose]();
});

type Vector = number[];
const dot = (a: Vector, b: Vector) => a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
const unit = (vector: Vector) => vector.map((value) => value / Math.sqrt(dot(vector, vector)));
const cosine = (a: Vector, b: Vector) => dot(unit(a), unit(b));

/** Vectors around a direction that no text has: to each other they are nearer than to any film that is there besides. */
function cloudOf(random: Random) {
  const some = () => unit(Array.from({ length: 384 }, () => random.next() - 0.5));
  const centre = some();
  return () => some().map((value, index) => value + 2 * (centre[index] ?? 0));
}

const at = (second: number) => new Date(Date.UTC(2026, 10, 20, 12, 0, second));

/** Writes movies with these vectors, through the sink. */
async function writeMovies(vectors: ReadonlyMap<string, Vector>, version = 1) {
  const byTitle = new Map([...vectors].map(([id, vector]) => [`Movie ${id}`, vector]));
  const embed = async (texts: readonly string[]) =>
    texts.map((text) => Float32Array.from(byTitle.get(text.split('.')[0] ?? '') ?? expect.fail(text)));
  const events = [...vectors.keys()].map((id) => movieChanged(id, version, { title: `Movie ${id}` }));
  await qdrantSink(corner.store, { ...corner.embedder, embed }).apply(batchOf(events));
}

const watchAll = (userId: string, movieIds: readonly string[]) =>
  qdrantSink(corner.store, corner.embedder).apply(
    batchOf(movieIds.map((movieId, index) => watched(userId, movieId, at(index)))),
  );

/** The definition, film by film. */
function bruteForce(vectors: ReadonlyMap<string, Vector>, watchedIds: readonly string[]): MovieLikeWatched[] {
  const known = watchedIds.filter((id) => vectors.has(id));
  const vectorOf = (id: string) => unit(vectors.get(id) ?? expect.fail(id));
  const mean = known.map(vectorOf).reduce((sum, vector) => sum.map((value, index) => value + (vector[index] ?? 0)));
  return [...vectors.keys()]
    .filter((id) => !watchedIds.includes(id))
    .map((id) => {
      const likeness = (other: string) => dot(vectorOf(id), vectorOf(other));
      const watchedMovieId = known.reduce((best, other) => (likeness(other) > likeness(best) ? other : best));
      return { movieId: id, similarity: cosine(vectorOf(id), mean), watchedMovieId };
    })
    .sort((a, b) => b.similarity - a.similarity);
}

test('they are what a computation over all vectors gives, for several users in four requests', async () => {
  const random = createRandom('like watched');
  const users = Array.from({ length: 5 }, () => {
    const vector = cloudOf(random);
    const vectors = new Map(Array.from({ length: 130 }, () => [corner.id(), vector()]));
    return { userId: corner.id(), vectors, watchedIds: [...vectors.keys()].slice(0, random.int(1, 10)) };
  });
  await writeMovies(new Map(users.flatMap(({ vectors }) => [...vectors])));
  for (const { userId, watchedIds } of users) await watchAll(userId, watchedIds);

  let found: MovieLikeWatched[][] = [];
  const calls = await callsDuring(async () => {
    found = await moviesLikeWatched(
      corner.store,
      users.map(({ userId }) => userId),
    );
  });
  expect(calls.map(({ statement }) => statement.split('\n')[0])).toEqual([
    'POST /collections/viewers/points',
    'POST /collections/movies/points',
    'POST /collections/movies/points/query/batch',
    'POST /collections/movies/points/query/batch',
  ]);
  for (const [index, { vectors, watchedIds }] of users.entries()) {
    const own = found[index] ?? [];
    const all = new Map(bruteForce(vectors, watchedIds).map((movie) => [movie.movieId, movie]));
    const likeness = (one: string, other: string) => cosine(vectors.get(one) ?? [], vectors.get(other) ?? []);
    expect(own).toHaveLength(100);
    expect(own).toEqual(own.toSorted((a, b) => b.similarity - a.similarity));
    for (const { movieId, similarity, watchedMovieId } of own) {
      const right = all.get(movieId) ?? expect.fail(movieId);
      all.delete(movieId);
      // Qdrant has fewer digits, so what is nearly equal may stand either way.
      expect(similarity).toBeCloseTo(right.similarity, 5);
      expect(likeness(movieId, watchedMovieId)).toBeCloseTo(likeness(movieId, right.watchedMovieId), 5);
    }
    for (const { similarity } of all.values()) expect(similarity).toBeLessThan((own.at(-1)?.similarity ?? 0) + 1e-5);
  }
});

test('only the last ten count', async () => {
  const vector = cloudOf(createRandom('ten'));
  const vectors = new Map(Array.from({ length: 14 }, () => [corner.id(), vector()]));
  await writeMovies(vectors);
  const userId = corner.id();
  const ids = [...vectors.keys()];
  await watchAll(userId, ids.slice(0, 12));
  const [found = []] = await moviesLikeWatched(corner.store, [userId]);
  const own = found.filter(({ movieId }) => vectors.has(movieId));
  // The first two that were watched are among those that may come again: they are long gone.
  expect(own.map(({ movieId }) => movieId)).toEqual(
    bruteForce(vectors, ids.slice(2, 12)).map(({ movieId }) => movieId),
  );
});

test('a movie counts as soon as its text is known, also long after its watch, and with the text that it has now', async () => {
  const random = createRandom('late');
  const [here, there] = [cloudOf(random), cloudOf(random)];
  const [film, userId] = [corner.id(), corner.id()];
  const near = corner.id();
  const far = corner.id();
  const firstOf = async () => (await moviesLikeWatched(corner.store, [userId]))[0]?.[0]?.movieId;
  await writeMovies(
    new Map([
      [near, here()],
      [far, there()],
    ]),
  );

  expect(await firstOf()).toBeUndefined();
  await watchAll(userId, [film]);
  expect(await firstOf()).toBeUndefined();
  await writeMovies(new Map([[film, here()]]));
  expect(await firstOf()).toBe(near);
  await writeMovies(new Map([[film, there()]]), 2);
  expect(await firstOf()).toBe(far);
});

test('a movie whose text is not known is left out, beside others that are', async () => {
  const vector = cloudOf(createRandom('unknown'));
  const [film, other, unknown, userId] = [corner.id(), corner.id(), corner.id(), corner.id()];
  await writeMovies(
    new Map([
      [film, vector()],
      [other, vector()],
    ]),
  );
  await watchAll(userId, [unknown, film]);
  const [found = []] = await moviesLikeWatched(corner.store, [userId]);
  expect(found[0]).toMatchObject({ movieId: other, watchedMovieId: film });
  expect(found.map(({ movieId }) => movieId)).not.toContain(film);
});

test('the signal is for the user themselves: for others it is null and asks nobody', async () => {
  const vector = cloudOf(createRandom('signal'));
  const [film, other, userId] = [corner.id(), corner.id(), corner.id()];
  await writeMovies(
    new Map([
      [film, vector()],
      [other, vector()],
    ]),
  );
  await watchAll(userId, [film]);
  const source = `query ($users: [_Any!]!) {
    _entities(representations: $users) { ... on User { moviesLikeWatched { movieId similarity watchedMovieId } } }
  }`;
  const variables = { users: [{ __typename: 'User', id: userId }] };
  const as = (viewerId: string | null) =>
    room.execute(source, { variables, viewer: viewerId === null ? null : { userId: viewerId, scopes: [] } });

  const { data, errors } = await as(userId);
  expect(errors).toBeUndefined();
  const [user] = (data?._entities ?? []) as { moviesLikeWatched: MovieLikeWatched[] }[];
  expect(user?.moviesLikeWatched[0]).toEqual({ movieId: other, similarity: expect.any(Number), watchedMovieId: film });
  for (const viewerId of [corner.id(), null]) {
    const calls = await callsDuring(async () => {
      expect(await as(viewerId)).toEqual({ data: { _entities: [{ moviesLikeWatched: null }] } });
    });
    expect(calls).toEqual([]);
  }
});

test('while nobody knows who asks it is null as well: what wants to know the viewer says so', async () => {
  const find = () => Promise.reject(codedError('STORE_UNAVAILABLE', 'redis cannot be reached.', { store: 'redis' }));
  const sessions = { create: async () => '', find, end: async () => {} };
  const request = createRequest({ token: 'test', sessions, timeoutMs: 1_000 });
  const source = `{ _entities(representations: [{ __typename: "User", id: "u1" }]) {
    ... on User { moviesLikeWatched { movieId } }
  } }`;
  const contextValue = roomContext(request, { name: qdrant.name, store: corner.store });
  const answer = await graphql({ schema: subgraphSchema(qdrant), source, contextValue });
  expect(answer).toEqual({ data: { _entities: [{ moviesLikeWatched: null }] } });
});

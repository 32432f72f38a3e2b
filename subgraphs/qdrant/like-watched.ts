import type { QdrantClient } from '@qdrant/js-client-rest';
import { forEach, jsonRequest, placeholder } from '../../gateway/json-request.ts';
import { pointId } from './points.ts';
import type { QdrantStore } from './store.ts';
import { storedViewers } from './viewers.ts';

export interface MovieLikeWatched {
  movieId: string;
  /** The cosine of the angle between the movie's vector and the mean of those that were watched. */
  similarity: number;
  /** Which of the watched movies is most like it. */
  watchedMovieId: string;
}

/** As many as the room `ranking` merges. */
const mostMovies = 100;

/**
 * The movies that are most like what users watched lately as a whole, most alike first, without those that they watched
 * lately. None for a user of whose movies no vector is known. The mean is made of the vectors as they are now: so a movie
 * counts whether its text came before its watch or after it, and always as it reads today. Four requests for any number of users.
 */
export async function moviesLikeWatched(store: QdrantStore, userIds: readonly string[]): Promise<MovieLikeWatched[][]> {
  const neighbours = await nearestTo(store, await tastesOf(store, userIds));
  const watchedMovieIds = await mostLike(store, neighbours);
  const found = neighbours.flatMap(({ userId, movieId, similarity }, index) => {
    const watchedMovieId = watchedMovieIds[index];
    return watchedMovieId ? [{ userId, movie: { movieId, similarity, watchedMovieId } }] : [];
  });
  const byUser = Map.groupBy(found, ({ userId }) => userId);
  return userIds.map((userId) => byUser.get(userId)?.map(({ movie }) => movie) ?? []);
}

/** What a user watched lately: the points of the movies, and their mean. */
interface Taste {
  userId: string;
  watched: string[];
  vector: number[];
}

/** The tastes of those users who have one. */
async function tastesOf(store: QdrantStore, userIds: readonly string[]): Promise<Taste[]> {
  const viewers = [...(await storedViewers(store, userIds)).values()].map(({ id, movies }) => ({
    ...{ userId: id, watched: movies.map((movie) => pointId(movie.id)) },
  }));
  const vectors = await vectorsOf(store, [...new Set(viewers.flatMap(({ watched }) => watched))]);
  return viewers.flatMap((viewer) => {
    const vector = meanOf(viewer.watched.map((point) => vectors.get(point)).filter((known) => known !== undefined));
    return vector ? [{ ...viewer, vector }] : [];
  });
}

const watchedVectors = jsonRequest('POST /collections/movies/points', {
  ids: placeholder('ids'),
  with_payload: false,
  with_vector: true,
});

/** The vectors of those points that have one. */
async function vectorsOf(store: QdrantStore, ids: readonly string[]): Promise<ReadonlyMap<unknown, number[]>> {
  if (ids.length === 0) return new Map();
  const { text, bodyOf } = watchedVectors;
  const parameters = { ids };
  const points = await store.call({ text, parameters, isRead: true }, (client) =>
    client.retrieve('movies', bodyOf(parameters)),
  );
  return new Map(points.flatMap(({ id, vector }) => (Array.isArray(vector) ? [[id, vector as number[]]] : [])));
}

/** The direction that vectors have in common, as a vector of length 1; null where there is none. */
function meanOf(vectors: readonly (readonly number[])[]): number[] | null {
  const [first = [], ...others] = vectors;
  const sum = first.map((value, index) => others.reduce((total, other) => total + (other[index] ?? 0), value));
  const length = Math.hypot(...sum);
  return length > 0 ? sum.map((value) => value / length) : null;
}

const nearestInBatch = jsonRequest('POST /collections/movies/points/query/batch', {
  searches: forEach('searches', {
    query: placeholder('vector'),
    filter: { must_not: [{ has_id: placeholder('watched') }] },
    limit: mostMovies,
    with_payload: ['id'],
  }),
});

/** A movie near to a user's taste. */
interface Neighbour {
  userId: string;
  watched: string[];
  point: string;
  movieId: string;
  similarity: number;
}

/** The movies that are nearest to each taste and no part of it, nearest first. */
async function nearestTo(store: QdrantStore, tastes: readonly Taste[]): Promise<Neighbour[]> {
  const answers = await search(store, nearestInBatch, tastes);
  return tastes.flatMap(({ userId, watched }, index) =>
    (answers[index]?.points ?? []).map(({ id, payload, score }) => ({
      ...{ userId, watched, point: String(id), movieId: movieIdOf(payload), similarity: score },
    })),
  );
}

/** Asked from the movie's side, so that an answer is one id, and not the 8 KB of the movie's vector. */
const mostLikeInBatch = jsonRequest('POST /collections/movies/points/query/batch', {
  searches: forEach('searches', {
    query: placeholder('point'),
    filter: { must: [{ has_id: placeholder('watched') }] },
    limit: 1,
    with_payload: ['id'],
  }),
});

/** Which of the watched movies is most like each neighbour. */
async function mostLike(store: QdrantStore, neighbours: readonly Neighbour[]): Promise<(string | undefined)[]> {
  const answers = await search(store, mostLikeInBatch, neighbours);
  return answers.map(({ points: [nearest] }) => nearest && movieIdOf(nearest.payload));
}

type Answers = Awaited<ReturnType<QdrantClient['queryBatch']>>;

const pointsOf = (answers: Answers) => answers.reduce((sum, { points }) => sum + points.length, 0);

async function search(
  store: QdrantStore,
  { text, bodyOf }: typeof nearestInBatch | typeof mostLikeInBatch,
  searches: readonly object[],
): Promise<Answers> {
  if (searches.length === 0) return [];
  const parameters = { searches };
  return await store.call({ text, parameters, isRead: true, rowsOf: pointsOf }, (client) =>
    client.queryBatch('movies', bodyOf(parameters)),
  );
}

const movieIdOf = (payload: unknown) => (payload as { id: string }).id;

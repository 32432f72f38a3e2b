import type { QdrantClient } from '@qdrant/js-client-rest';
import { forEach, ifGiven, jsonRequest, placeholder } from '../../gateway/json-request.ts';
import { pointId } from './points.ts';
import { isNotFound, type QdrantStore } from './store.ts';

export interface SimilarKey {
  /** The movie. */
  id: string;
  first: number;
  genre: string | null;
  yearFrom: number | null;
  yearTo: number | null;
}

export interface SimilarMovie {
  movieId: string;
  /** The cosine of the angle between both vectors. */
  score: number;
}

/**
 * The movies whose vectors lie nearest to the movie's own, which Qdrant looks up by itself: no text is embedded for a page.
 * One request for all movies. Where Qdrant does not know a movie yet, which it answers with 404 for all of them, a second
 * one finds out which it knows, and a third asks for those.
 */
export async function similarMovies(store: QdrantStore, keys: readonly SimilarKey[]): Promise<SimilarMovie[][]> {
  const all = await nearest(store, keys);
  if (all) return all;
  const known = await withPoint(store, keys);
  const found = known.length > 0 ? ((await nearest(store, known)) ?? []) : [];
  const answers = new Map(known.map((key, index) => [key, found[index] ?? []]));
  return keys.map((key) => answers.get(key) ?? []);
}

/** A point that is asked by its id is not among its own neighbours. A tombstone has no vector, so nobody's neighbour. */
const nearestInBatch = jsonRequest('POST /collections/movies/points/query/batch', {
  searches: forEach('searches', {
    query: placeholder('point'),
    filter: {
      must: [
        ...ifGiven('genre', { key: 'genres', match: { value: placeholder('genre') } }),
        ...ifGiven('yearFrom', { key: 'releaseYear', range: { gte: placeholder('yearFrom') } }),
        ...ifGiven('yearTo', { key: 'releaseYear', range: { lte: placeholder('yearTo') } }),
      ],
    },
    limit: placeholder('first'),
    with_payload: ['id'],
  }),
});

/** Null when there is a movie without a point. */
async function nearest(store: QdrantStore, keys: readonly SimilarKey[]): Promise<SimilarMovie[][] | null> {
  const { text, bodyOf } = nearestInBatch;
  const parameters = { searches: keys.map((key) => ({ ...key, point: pointId(key.id) })) };
  const answers = await store.call<Answers>({ text, parameters, isRead: true, rowsOf: pointsOf }, (client) =>
    client.queryBatch('movies', bodyOf(parameters)).catch(nullIfNotFound),
  );
  return (
    answers?.map(({ points }) =>
      points.map(({ payload, score }) => ({ movieId: (payload as { id: string }).id, score })),
    ) ?? null
  );
}

type Answers = Awaited<ReturnType<QdrantClient['queryBatch']>> | null;

const pointsOf = (answers: Answers) => (answers ?? []).reduce((sum, { points }) => sum + points.length, 0);

const whichAreThere = jsonRequest('POST /collections/movies/points', { ids: placeholder('ids'), with_payload: false });

/** Those of the movies that Qdrant has a point of. */
async function withPoint(store: QdrantStore, keys: readonly SimilarKey[]): Promise<SimilarKey[]> {
  const ids = [...new Set(keys.map(({ id }) => pointId(id)))];
  const { text, bodyOf } = whichAreThere;
  const parameters = { ids };
  const points = await store.call({ text, parameters, isRead: true }, (client) =>
    client.retrieve('movies', bodyOf(parameters)),
  );
  const known = new Set(points.map(({ id }) => id));
  return keys.filter(({ id }) => known.has(pointId(id)));
}

function nullIfNotFound(error: unknown): null {
  if (isNotFound(error)) return null;
  throw error;
}

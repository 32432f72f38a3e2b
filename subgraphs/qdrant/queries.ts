import type { QdrantClient } from '@qdrant/js-client-rest';
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

/** Null when there is a movie without a point. */
async function nearest(store: QdrantStore, keys: readonly SimilarKey[]): Promise<SimilarMovie[][] | null> {
  const searches = keys.map(searchOf);
  const answers = await store.call(
    `POST /collections/movies/points/query/batch { "searches": [${JSON.stringify(searches[0])}, …] }`,
    (client) => client.queryBatch('movies', { searches }).catch(nullIfNotFound),
  );
  return (
    answers?.map(({ points }) =>
      points.map(({ payload, score }) => ({ movieId: (payload as { id: string }).id, score })),
    ) ?? null
  );
}

type Search = Parameters<QdrantClient['queryBatch']>[1]['searches'][number];

/** A point that is asked by its id is not among its own neighbours. A tombstone has no vector, so nobody's neighbour. */
function searchOf({ id, first, genre, yearFrom, yearTo }: SimilarKey): Search {
  const must = [
    ...(genre === null ? [] : [{ key: 'genres', match: { value: genre } }]),
    ...(yearFrom === null && yearTo === null ? [] : [{ key: 'releaseYear', range: { gte: yearFrom, lte: yearTo } }]),
  ];
  return {
    query: pointId(id),
    ...(must.length > 0 && { filter: { must } }),
    limit: first,
    with_payload: ['id'],
  };
}

/** Those of the movies that Qdrant has a point of. */
async function withPoint(store: QdrantStore, keys: readonly SimilarKey[]): Promise<SimilarKey[]> {
  const ids = [...new Set(keys.map(({ id }) => pointId(id)))];
  const points = await store.call('POST /collections/movies/points { "ids": […], "with_payload": false }', (client) =>
    client.retrieve('movies', { ids, with_payload: false }),
  );
  const known = new Set(points.map(({ id }) => id));
  return keys.filter(({ id }) => known.has(pointId(id)));
}

function nullIfNotFound(error: unknown): null {
  if (isNotFound(error)) return null;
  throw error;
}

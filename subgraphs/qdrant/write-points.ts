import { forEach, jsonRequest, placeholder } from '../../gateway/json-request.ts';
import type { CollectionName, MoviePayload, PostPayload, ViewerPayload } from './points.ts';
import type { QdrantStore } from './store.ts';

/** A batch is written in parts: what is done is done, also where the sink is stopped halfway. */
export const pointsPerWrite = 100;

export interface Point {
  id: string;
  /** `{}`: none. */
  vector: number[] | Record<string, never>;
  payload: MoviePayload | PostPayload | ViewerPayload;
}

/** The filter holds for all points of an upsert, so points of one version go together. */
const requestOf = (collection: CollectionName) =>
  jsonRequest(`POST /collections/${collection}/points/batch?wait=true`, {
    operations: forEach('operations', {
      upsert: {
        points: placeholder('points'),
        update_filter: { must: [{ key: 'version', range: { lt: placeholder('version') } }] },
      },
    }),
  });
const requests = { movies: requestOf('movies'), posts: requestOf('posts'), viewers: requestOf('viewers') };

/** Writes the points whose stored version is lower, and those that are not there, in one request. */
export async function writePoints(
  store: QdrantStore,
  collection: CollectionName,
  points: readonly Point[],
): Promise<void> {
  const { text, bodyOf } = requests[collection];
  const operations = [...Map.groupBy(points, ({ payload }) => payload.version)].map(([version, points]) => ({
    ...{ version, points },
  }));
  const parameters = { operations };
  await store.call({ text, parameters }, (client) =>
    client.batchUpdate(collection, { wait: true, ...bodyOf(parameters) }),
  );
}

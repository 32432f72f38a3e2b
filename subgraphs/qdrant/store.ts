import { QdrantClient } from '@qdrant/js-client-rest';
import type { Settings } from '../../config.ts';
import { jsonRequest, requestInShell } from '../../gateway/json-request.ts';
import type { Context, RoomStore } from '../../gateway/room.ts';
import { createSeam, type Statement } from '../../gateway/seam.ts';
import type { Embedder } from './embeddings/embedder.ts';
import { collections } from './migrations.ts';
import { isBusy, isConnectionError } from './outage.ts';

/** What queries and the sink need of Qdrant. */
export interface QdrantStore extends RoomStore {
  /**
   * One request.
   * @param statement method, path and body, as the console of Qdrant's web interface takes them
   */
  call<T>(statement: string | Statement<T>, work: (client: QdrantClient) => Promise<T>): Promise<T>;
}

export type RoomContext = Context<QdrantStore>;

/** Making a collection writes and syncs many files. A sink's call may take as long (`patiently` of the seam). */
const migrateTimeoutMs = 30_000;

/** Opens the client; the server need not be there. It speaks HTTP, so there is nothing to reconnect. */
export function openQdrant({ url, timeoutMs }: Settings['qdrant'], embedder: Embedder): QdrantStore {
  const seam = createSeam({ store: 'qdrant', timeoutMs, isOutage, inShell: requestInShell });
  // What the seam has given up, the client ends a while later. A client has one timeout for all that it asks, so there is
  // another one for work that the seam lets take longer than a page.
  const clientOf = (timeout: number) => new QdrantClient({ url, timeout, checkCompatibility: false });
  const client = clientOf(2 * timeoutMs);
  const patient = clientOf(2 * migrateTimeoutMs);

  const call: QdrantStore['call'] = (statement, work) =>
    seam(statement, (_, budgetMs) => work(budgetMs > timeoutMs ? patient : client));

  return {
    call,
    async ping() {
      await call({ text: 'GET /collections', isRead: true }, (client) => client.getCollections());
    },
    async migrate() {
      for (const { name, indexes } of collections) {
        const { exists } = await call(
          { text: `GET /collections/${name}/exists`, isRead: true, timeoutMs: migrateTimeoutMs },
          (client) => client.collectionExists(name),
        );
        if (!exists) {
          const vectors = { size: await embedder.dimensions(), distance: 'Cosine' } as const;
          const { text } = jsonRequest(`PUT /collections/${name}`, { vectors });
          await call({ text, timeoutMs: migrateTimeoutMs }, (client) =>
            client.createCollection(name, { vectors }).catch(unlessMade),
          );
        }
        for (const index of indexes) {
          const { text } = jsonRequest(`PUT /collections/${name}/index?wait=true`, index);
          await call({ text, timeoutMs: migrateTimeoutMs }, (client) =>
            client.createPayloadIndex(name, { ...index, wait: true }),
          );
        }
      }
    },
    close: () => embedder.close(),
  };
}

const statusOf = (error: unknown) => Number((error as { status?: unknown } | null)?.status);

/** Whether Qdrant says that there is no such point, or no such collection. */
export const isNotFound = (error: unknown): boolean => statusOf(error) === 404;

/** Somebody else has made the collection in the meantime. */
function unlessMade(error: unknown): boolean {
  if (statusOf(error) === 409) return true;
  throw error;
}

function isOutage(error: unknown): boolean {
  const { name } = error as { name?: string };
  return name === 'QdrantClientTimeoutError' || isBusy(statusOf(error)) || isConnectionError(error);
}

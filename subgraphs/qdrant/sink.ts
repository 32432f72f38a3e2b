import type { Sink } from '../../fanout/sink.ts';
import { chunks } from '../../gateway/batches.ts';
import { jsonRequest, placeholder } from '../../gateway/json-request.ts';
import type { StreamEvent } from '../../schema/events/index.ts';
import type { Embedder } from './embeddings/embedder.ts';
import { type CollectionName, type MoviePayload, type PostPayload, pointId } from './points.ts';
import type { QdrantStore } from './store.ts';
import { verify } from './verify.ts';
import { applyWatches } from './viewers.ts';
import { type Point, pointsPerWrite, writePoints } from './write-points.ts';

/**
 * Embeds texts and writes them as points, and keeps what viewers watched lately. A point's version only ever rises, which
 * Qdrant itself sees to while it writes, so batches may be cut, repeated and ordered in any way, also beside another writer.
 */
export function qdrantSink(store: QdrantStore, embedder: Embedder): Sink {
  return {
    async apply({ events }) {
      const drafts = newest(events.flatMap(draftOf));
      for (const [collection, ofOne] of Map.groupBy(drafts, (draft) => draft.collection)) {
        const wanted = await notYetStored(store, collection, ofOne);
        for (const chunk of chunks(wanted, pointsPerWrite)) {
          // Embedding takes long: each part is written as soon as it has its vectors.
          await writePoints(store, collection, await embedded(embedder, chunk));
        }
      }
      await applyWatches(store, events);
    },
    // A model that gives nothing, or vectors of another size, is an outage, and no event's fault.
    async probe() {
      const [vector] = await embedder.embed(['probe']);
      const { text, bodyOf } = probing;
      const parameters = { vector: [...(vector ?? [])] };
      await store.call({ text, parameters }, (client) =>
        client.upsert('sink_probe', { wait: true, ...bodyOf(parameters) }),
      );
    },
    verify: (source) => verify(store, source),
  };
}

const probing = jsonRequest('PUT /collections/sink_probe/points?wait=true', {
  points: [{ id: 1, vector: placeholder('vector') }],
});

/** Where texts become vectors. */
type EmbeddedCollection = Exclude<CollectionName, 'viewers'>;

/** What an event makes of a point. */
interface Draft {
  collection: EmbeddedCollection;
  payload: MoviePayload | PostPayload;
  /** What the vector is made of; null for a tombstone, which has none. */
  text: string | null;
}

function draftOf({ type, version, data }: StreamEvent): Draft[] {
  switch (type) {
    case 'movie.changed': {
      const { movieId, title, synopsis, genres, tags, releaseYear } = data;
      const payload = { id: movieId, title, genres, tags, releaseYear, version, deleted: false } as const;
      return [{ collection: 'movies', payload, text: sentences(title, synopsis, tags.join(', ')) }];
    }
    case 'post.changed': {
      const { postId, authorId, movieId, title, body, tags, createdAt } = data;
      const payload = { id: postId, authorId, movieId, tags, createdAt, version, deleted: false } as const;
      return [{ collection: 'posts', payload, text: sentences(title, body) }];
    }
    case 'post.deleted':
      return [{ collection: 'posts', payload: { id: data.postId, version, deleted: true }, text: null }];
    default:
      return [];
  }
}

/** Parts of a text, most telling first: what is beyond the model's limit is cut off. */
const sentences = (...parts: string[]) =>
  parts
    .map((part) => part.trim().replace(/\.$/, ''))
    .filter(Boolean)
    .join('. ');

/** Of each point the draft with the highest version. */
function newest(drafts: readonly Draft[]): Draft[] {
  const byPoint = new Map<string, Draft>();
  for (const draft of drafts) {
    const key = `${draft.collection} ${draft.payload.id}`;
    const other = byPoint.get(key);
    if (!other || other.payload.version < draft.payload.version) byPoint.set(key, draft);
  }
  return [...byPoint.values()];
}

const versionsIn = (collection: EmbeddedCollection) =>
  jsonRequest(`POST /collections/${collection}/points`, { ids: placeholder('ids'), with_payload: ['version'] });
const versionRequests = { movies: versionsIn('movies'), posts: versionsIn('posts') };

/** Drafts that are above what is stored: embedding costs, so a redelivery should not pay for it again. */
async function notYetStored(store: QdrantStore, collection: EmbeddedCollection, drafts: readonly Draft[]) {
  const ids = drafts.map(({ payload }) => pointId(payload.id));
  const { text, bodyOf } = versionRequests[collection];
  const parameters = { ids };
  const points = await store.call({ text, parameters, isRead: true }, (client) =>
    client.retrieve(collection, bodyOf(parameters)),
  );
  const versions = new Map(points.map(({ id, payload }) => [id, Number(payload?.version)]));
  return drafts.filter(({ payload }) => (versions.get(pointId(payload.id)) ?? 0) < payload.version);
}

async function embedded(embedder: Embedder, drafts: readonly Draft[]): Promise<Point[]> {
  const texts = drafts.flatMap(({ text }) => text ?? []);
  const vectors = (await embedder.embed(texts)).values();
  return drafts.map(({ payload, text }) => ({
    id: pointId(payload.id),
    vector: text === null ? {} : [...(vectors.next().value ?? [])],
    payload,
  }));
}

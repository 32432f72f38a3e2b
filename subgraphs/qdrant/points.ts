import { v5 as uuidv5 } from 'uuid';

export type CollectionName = 'movies' | 'posts';

/** What Qdrant keeps beside the vector of a movie. */
export interface MoviePayload {
  id: string;
  title: string;
  genres: string[];
  tags: string[];
  releaseYear: number;
  version: number;
  deleted: false;
}

/** What Qdrant keeps beside the vector of a post. Of a deleted one stays the tombstone, without a vector. */
export type PostPayload =
  | {
      id: string;
      authorId: string;
      movieId: string | null;
      tags: string[];
      createdAt: string;
      version: number;
      deleted: false;
    }
  | { id: string; version: number; deleted: true };

/** What both kinds have. */
export type Stand = Pick<MoviePayload | PostPayload, 'id' | 'version' | 'deleted'>;

/** Names of points; any UUID does, as long as it stays. */
const namespace = 'b0a83f0e-5d0f-4f3f-9c39-7a3f3f0f6d52';

/**
 * The id of a point. Qdrant takes numbers and UUIDs only, so ours become UUIDs by their names (RFC 9562, section 5.5):
 * the same id is the same point, whoever asks.
 */
export const pointId = (id: string): string => uuidv5(id, namespace);

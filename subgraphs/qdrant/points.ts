import { v5 as uuidv5 } from 'uuid';

export type CollectionName = 'movies' | 'posts' | 'viewers';

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

/** A movie that a viewer has watched, and their newest watch of it. */
export interface WatchedMovie {
  id: string;
  /** ISO 8601 in UTC, with milliseconds: as texts they are in the order of time. */
  watchedAt: string;
  eventId: string;
}

/** What Qdrant keeps of a viewer. There is no vector: what they watch lately is looked up movie by movie. */
export interface ViewerPayload {
  id: string;
  /** Newest first; see `newestMovies`. */
  movies: WatchedMovie[];
  /** How often the point was written, so that of two who change it at once the later one notices. */
  version: number;
}

/** Names of points; any UUID does, as long as it stays. */
const namespace = 'b0a83f0e-5d0f-4f3f-9c39-7a3f3f0f6d52';

/**
 * The id of a point. Qdrant takes numbers and UUIDs only, so ours become UUIDs by their names (RFC 9562, section 5.5):
 * the same id is the same point, whoever asks.
 */
export const pointId = (id: string): string => uuidv5(id, namespace);

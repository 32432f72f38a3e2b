import type { StreamEvent } from '../../schema/events/index.ts';
import type { Kind } from './indices.ts';

/** What an index holds of a movie or post. */
export interface Document {
  kind: Kind;
  id: string;
  version: number;
  source: { id: string; version: number; deleted: boolean; [field: string]: unknown };
}

/** The document that an event leaves behind; null for an event that tells nothing to search. */
export function documentOf({ type, data, version }: StreamEvent): Document | null {
  switch (type) {
    case 'movie.changed': {
      const { movieId: id, title, synopsis, releaseYear, runtimeMinutes, genres, tags } = data;
      const source = { id, version, deleted: false, title, synopsis, releaseYear, runtimeMinutes, genres, tags };
      return { kind: 'movies', id, version, source };
    }
    case 'post.changed': {
      const { postId: id, authorId, movieId, title, body, tags, createdAt, editedAt } = data;
      const source = { id, version, deleted: false, authorId, movieId, title, body, tags, createdAt, editedAt };
      return { kind: 'posts', id, version, source };
    }
    case 'post.deleted': {
      // Not DELETE: Elasticsearch forgets a deleted document's version after a minute, and would then take an old event
      // for a new post.
      const { postId: id } = data;
      return { kind: 'posts', id, version, source: { id, version, deleted: true } };
    }
    default:
      return null;
  }
}

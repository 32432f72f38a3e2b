import type { mongo } from 'mongoose';
import { collections } from './outbox.ts';

interface Migration {
  collection: string;
  index: mongo.IndexSpecification;
  /** Only documents that have the field are in the index. */
  sparse?: boolean;
}

/**
 * The indexes, one for each question that is not asked by _id: what is fixed first, then the order of the answer. Making one
 * that is there does nothing. Collections come into being with their first document.
 */
export const migrations: readonly Migration[] = [
  // Movie.discussion and User.posts, newest first. The author stands last to be left out where the viewer blocks them.
  { collection: collections.posts, index: { movieId: 1, isDeleted: 1, createdAt: -1, _id: -1, authorId: 1 } },
  { collection: collections.posts, index: { authorId: 1, isDeleted: 1, createdAt: -1, _id: -1 } },
  // Which uploads are used.
  { collection: collections.posts, index: { 'attachments.uploadId': 1 }, sparse: true },
  // Post.comments, oldest first.
  { collection: collections.comments, index: { postId: 1, createdAt: 1, _id: 1 } },
  // The votes of a post that is deleted.
  { collection: collections.votes, index: { postId: 1 } },
  // Positions are dropped after a week.
  { collection: collections.positions, index: { publishedAt: 1 } },
];

/** Indexes of earlier versions that others have taken the place of, by name. They are dropped when those are made. */
export const retiredIndexes: readonly { collection: string; name: string }[] = [
  { collection: collections.posts, name: 'movieId_1_isDeleted_1_createdAt_-1__id_-1' },
];

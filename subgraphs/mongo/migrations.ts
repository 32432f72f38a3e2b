import type { mongo } from 'mongoose';
import { collections } from './outbox.ts';

interface Migration {
  collection: string;
  index: mongo.IndexSpecification;
}

/**
 * The indexes, one for each question that is not asked by _id: what is fixed first, then the order of the answer. Making one
 * that is there does nothing. Collections come into being with their first document.
 */
export const migrations: readonly Migration[] = [
  // Movie.discussion and User.posts, newest first.
  { collection: collections.posts, index: { movieId: 1, isDeleted: 1, createdAt: -1, _id: -1 } },
  { collection: collections.posts, index: { authorId: 1, isDeleted: 1, createdAt: -1, _id: -1 } },
  // Post.comments, oldest first.
  { collection: collections.comments, index: { postId: 1, createdAt: 1, _id: 1 } },
  // Positions are dropped after a week.
  { collection: collections.positions, index: { publishedAt: 1 } },
];

import type { CommentDocument } from '../documents.ts';
import { collections, entryOf } from '../outbox.ts';
import type { MongoStore } from '../store.ts';
import { type Appending, appendRows, type NewRow } from './append-rows.ts';

/** Appends comments to their posts, each with its event `comment.added`; see `appendRows`. */
export const appendComments = (store: MongoStore, comments: readonly NewRow<CommentDocument>[]) =>
  appendRows(store, commenting, comments);

const commenting: Appending<CommentDocument> = {
  collection: collections.comments,
  entryOf: ({ _id: commentId, postId, authorId, body, createdAt }, parts) =>
    entryOf('comment.added', {
      ...{ ...parts, actor: authorId },
      data: { commentId, postId, authorId, body, createdAt: createdAt.toISOString() },
    }),
};

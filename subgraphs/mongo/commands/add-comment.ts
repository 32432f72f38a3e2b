import * as z from 'zod';
import { codedError, quoted } from '../../../gateway/errors.ts';
import { badInput, checkInput, idText } from '../../../gateway/input.ts';
import { type CommentRow, commentRow } from '../queries.ts';
import type { MongoStore } from '../store.ts';
import { appendComments } from './append-comments.ts';
import { commentBody, idempotencyKey } from './input.ts';
import { opaqueId } from './opaque-id.ts';

const commentInput = z.object({ authorId: idText, postId: idText, body: commentBody, idempotencyKey });

export type AddComment = z.input<typeof commentInput>;

export interface WrittenComment {
  comment: CommentRow;
  eventId: string;
}

/**
 * Comments on a post; see `appendComments`. Where the author has used the same idempotency key for the same comment on the
 * post, nothing is written, and the first call's comment and event are given.
 * @throws BAD_USER_INPUT or NOT_FOUND with the argument's path
 */
export async function addComment(store: MongoStore, input: AddComment): Promise<WrittenComment> {
  const { authorId, postId, body, idempotencyKey } = checkInput(commentInput, input, ['input']);
  const _id = opaqueId('comment', authorId, postId, idempotencyKey);
  const written = (await appendComments(store, [{ _id, postId, authorId, body, createdAt: new Date() }])).get(_id);
  if (typeof written !== 'object') {
    throw codedError('NOT_FOUND', `There is no post ${quoted(postId)}.`, { argument: ['input', 'postId'] });
  }
  if (written.body !== body) {
    throw badInput('This idempotency key has been used for another comment.', ['input', 'idempotencyKey']);
  }
  return { comment: commentRow(written), eventId: written.eventId };
}

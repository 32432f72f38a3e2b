import * as z from 'zod';
import { chunks } from '../../../gateway/batches.ts';
import { codedError, quoted } from '../../../gateway/errors.ts';
import { checkInput, idText } from '../../../gateway/input.ts';
import type { MongoStore } from '../store.ts';
import { appendComments } from './append-comments.ts';
import { commentBody, pastInstant } from './input.ts';

const importedComment = z.object({
  id: idText,
  postId: idText,
  authorId: idText,
  body: commentBody,
  createdAt: pastInstant,
});

export type ImportedComment = z.input<typeof importedComment>;

const commentsPerBatch = 500;

/**
 * Writes comments with the ids, authors and times that they come with; see `appendComments`. Those that are there are left as
 * they are, and those on posts that were deleted meanwhile are left out, so an interrupted import can be repeated.
 * @throws BAD_USER_INPUT, or NOT_FOUND for a comment on a post that is not there, with the argument's path; what stands before
 *   it, and its batch, may be written
 */
export async function importComments(store: MongoStore, comments: readonly ImportedComment[]): Promise<void> {
  const checked = comments.map((comment, index) => checkInput(importedComment, comment, ['comments', index]));
  for (const batch of chunks(checked, commentsPerBatch)) {
    const answers = await appendComments(
      store,
      batch.map(({ id, ...comment }) => ({ _id: id, ...comment })),
    );
    const orphan = batch.find(({ id }) => answers.get(id) === 'unknown');
    if (orphan) {
      const argument = ['comments', checked.indexOf(orphan), 'postId'];
      throw codedError('NOT_FOUND', `There is no post ${quoted(orphan.postId)}.`, { argument });
    }
  }
}

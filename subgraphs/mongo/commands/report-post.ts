import * as z from 'zod';
import { codedError, quoted } from '../../../gateway/errors.ts';
import { badInput, checkInput, idText } from '../../../gateway/input.ts';
import { reportReasons } from '../../../schema/events/post.ts';
import type { ReportDocument } from '../documents.ts';
import { collections, entryOf } from '../outbox.ts';
import type { MongoStore } from '../store.ts';
import { type Appending, appendRows } from './append-rows.ts';
import { optionalProse } from './input.ts';

const reportInput = z.object({
  reporterId: idText,
  postId: idText,
  reason: z.enum(reportReasons),
  details: optionalProse(500)
    .nullish()
    .transform((details) => details ?? ''),
});

export type ReportPost = z.input<typeof reportInput>;

export interface WrittenReport {
  postId: string;
  eventId: string;
}

/**
 * Reports a post, with the event `post.reported`; see `appendRows`. Who has reported the post before is given that report's event,
 * whatever they say now.
 * @throws BAD_USER_INPUT, also for the reporter's own post, or NOT_FOUND, with the argument's path
 */
export async function reportPost(store: MongoStore, input: ReportPost): Promise<WrittenReport> {
  const { reporterId, postId, reason, details } = checkInput(reportInput, input, ['input']);
  const _id = `${postId}/${reporterId}`;
  const report = { _id, postId, reporterId, reason, details, reportedAt: new Date() };
  const written = (await appendRows(store, reporting, [report])).get(_id);
  if (typeof written !== 'object') {
    throw codedError('NOT_FOUND', `There is no post ${quoted(postId)}.`, { argument: ['input', 'postId'] });
  }
  return { postId, eventId: written.eventId };
}

const reporting: Appending<ReportDocument> = {
  collection: collections.reports,
  check({ authorId }, { reporterId }) {
    if (authorId === reporterId) throw badInput('Nobody can report their own post.', ['input', 'postId']);
  },
  entryOf: ({ postId, reporterId, reason, details, reportedAt }, parts) =>
    entryOf('post.reported', {
      ...{ ...parts, actor: reporterId },
      data: { postId, reporterId, reason, details, reportedAt: reportedAt.toISOString() },
    }),
};

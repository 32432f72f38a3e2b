import { isDeepStrictEqual } from 'node:util';
import { v7 as uuidv7 } from 'uuid';
import * as z from 'zod';
import { codedError, quoted } from '../../../gateway/errors.ts';
import { checkInput, idText } from '../../../gateway/input.ts';
import type { Uploads } from '../../../gateway/request.ts';
import { noUploads } from '../../../gateway/uploads.ts';
import type { PostContent, PostDocument } from '../documents.ts';
import { collections, entryOf, noteOf, type OutboxEntry, writeCompanions } from '../outbox.ts';
import { type PostRow, postRow } from '../queries.ts';
import type { MongoStore } from '../store.ts';
import { checkUploads } from './check-uploads.ts';
import { postContent } from './input.ts';
import { changedData, writeNotes } from './post-event.ts';

const editInput = z.object({
  authorId: idText,
  postId: idText,
  title: postContent.title.nullish(),
  body: postContent.body.nullish(),
  attachments: postContent.attachments.nullish(),
  tags: postContent.tags.nullish(),
});

/** What is left out, or null, stays as it is. */
export type EditPost = z.input<typeof editInput>;

/**
 * Changes a post, with the event `post.changed` in the same update. An edit that changes nothing writes nothing and gives the
 * event of the last change, so that a call whose answer was lost can be repeated. A poll stays as it is.
 * @param uploads where it is asked whether the uploads are there that the post did not refer to before
 * @throws BAD_USER_INPUT or NOT_FOUND with the argument's path; FORBIDDEN for others than the author
 */
export async function editPost(
  store: MongoStore,
  input: EditPost,
  uploads: Uploads = noUploads,
): Promise<{ post: PostRow; eventId: string }> {
  const { authorId, postId, ...given } = checkInput(editInput, input, ['input']);
  const changes = Object.entries(given).filter(([, value]) => value != null);
  const { post, eventId } = await changePost(store, { authorId, postId }, async (before) => {
    const content: PostContent = { ...contentOf(before), ...Object.fromEntries(changes) };
    if (isDeepStrictEqual(content, contentOf(before))) return null;
    await checkUploads(uploads, { authorId, attachments: content.attachments, before: before.attachments });
    const fields = { ...content, editedAt: new Date() };
    return {
      fields,
      entry: (parts) => entryOf('post.changed', { ...parts, data: changedData({ ...before, ...fields }) }),
    };
  });
  return { post: postRow(post), eventId };
}

const deleteInput = z.object({ authorId: idText, postId: idText });

export type DeletePost = z.input<typeof deleteInput>;

export interface DeletedPost {
  postId: string;
  eventId: string;
}

/**
 * Deletes a post with its comments and votes, with the event `post.deleted` in the same update. What stays is a tombstone: its
 * version must go on to be known, and its id taken. Reports stay too: they are about its author as well.
 * @throws BAD_USER_INPUT or NOT_FOUND with the argument's path; FORBIDDEN for others than the author
 */
export async function deletePost(store: MongoStore, input: DeletePost): Promise<DeletedPost> {
  const { authorId, postId } = checkInput(deleteInput, input, ['input']);
  const companion = { collection: collections.comments, alsoFrom: [collections.votes], removeWhere: { postId } };
  const { eventId } = await changePost(store, { authorId, postId }, async ({ movieId, createdAt }) => {
    const deletedAt = new Date();
    const times = { deletedAt: deletedAt.toISOString(), createdAt: createdAt.toISOString() };
    return {
      fields: { title: '', body: '', attachments: [], tags: [], poll: null, deletedAt, isDeleted: true },
      entry: (parts) => entryOf('post.deleted', { ...parts, companion, data: { postId, authorId, movieId, ...times } }),
    };
  });
  const text = 'db.comments.deleteMany({ postId: ID })\ndb.poll_votes.deleteMany({ postId: ID })';
  await store.call({ text, parameters: { ID: postId } }, ({ db }) => writeCompanions(db, [companion]));
  return { postId, eventId };
}

interface Change {
  fields: Partial<PostDocument>;
  entry(parts: { eventId: string; subject: string; version: number; actor: string }): OutboxEntry;
}

/**
 * Changes the author's post and puts the event into its outbox, in one update that holds only for the version that was read. Each
 * attempt that fails is one in which another's change succeeded; the request's deadline ends them.
 * @param change what to write, given the post; null to write nothing
 */
async function changePost(
  store: MongoStore,
  { authorId, postId }: { authorId: string; postId: string },
  change: (before: PostDocument) => Promise<Change | null>,
): Promise<{ post: PostDocument; eventId: string }> {
  const eventId = uuidv7();
  for (let isNoted = false; ; isNoted = true) {
    const before = await readOwn(store, { authorId, postId });
    const wanted = await change(before);
    if (!wanted) return { post: before, eventId: before.change.eventId };
    const version = before.version + 1;
    const entry = wanted.entry({ eventId, subject: postId, version, actor: authorId });
    if (!isNoted) await writeNotes(store, [noteOf(entry)]);
    const fields = { ...wanted.fields, version, change: { version, eventId } };
    const statement = {
      text: `db.posts.findOneAndUpdate(
  { _id: ID, version: READ },
  { $set: FIELDS, $push: { outbox: ENTRY } },
  { returnDocument: 'after' }
)`,
      parameters: { ID: postId, READ: before.version, FIELDS: fields, ENTRY: entry },
      rowsOf: () => 1,
    };
    const post = await store.call(
      statement,
      async ({ posts }) =>
        await posts
          .findOneAndUpdate(
            { _id: postId, version: before.version },
            { $set: fields, $push: { outbox: entry } },
            { returnDocument: 'after' },
          )
          .lean(),
    );
    if (post) return { post, eventId };
  }
}

async function readOwn(store: MongoStore, { authorId, postId }: { authorId: string; postId: string }) {
  const text = 'db.posts.findOne({ _id: ID }, { outbox: 0 })';
  const post = await store.call(
    { text, parameters: { ID: postId }, isRead: true, rowsOf: () => 1 },
    async ({ posts }) => await posts.findById(postId, { outbox: 0 }).lean(),
  );
  if (!post || post.isDeleted) {
    throw codedError('NOT_FOUND', `There is no post ${quoted(postId)}.`, { argument: ['input', 'postId'] });
  }
  if (post.authorId !== authorId) throw codedError('FORBIDDEN', 'Only its author can change a post.');
  return post;
}

/** What an author can change, without what mongoose or the driver may have put beside it. */
const contentOf = ({ title, body, attachments, tags }: PostDocument): PostContent => ({
  title,
  body,
  attachments: attachments.map(({ type, url, title, uploadId }) => ({
    ...{ type, url, title },
    ...(uploadId !== undefined && { uploadId }),
  })),
  tags: [...tags],
});

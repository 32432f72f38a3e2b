import * as z from 'zod';
import { badInput, checkInput, idText } from '../../../gateway/input.ts';
import type { Uploads } from '../../../gateway/request.ts';
import { noUploads } from '../../../gateway/uploads.ts';
import type { PostDocument } from '../documents.ts';
import { isDuplicateKey } from '../insert-new.ts';
import { noteOf } from '../outbox.ts';
import { type PostRow, postRow } from '../queries.ts';
import type { MongoStore } from '../store.ts';
import { checkUploads } from './check-uploads.ts';
import { idempotencyKey, movieId, type PollInput, poll, postContent } from './input.ts';
import { fingerprintOf, opaqueId } from './opaque-id.ts';
import { newPost, writeNotes } from './post-event.ts';

const createInput = z.object({
  authorId: idText,
  title: postContent.title,
  body: postContent.body,
  movieId,
  attachments: postContent.attachments.nullish().transform((attachments) => attachments ?? []),
  tags: postContent.tags.nullish().transform((tags) => tags ?? []),
  // Not there rather than null: contents from before there were polls keep their fingerprints.
  poll: poll.nullish().transform((poll) => poll ?? undefined),
  idempotencyKey,
});

const longestPollMs = 30 * 86_400_000;

export type CreatePost = z.input<typeof createInput>;

/** A post as it was written. */
export interface WrittenPost {
  /** Where it has been deleted meanwhile, its id alone. */
  post: PostRow | { id: string };
  eventId: string;
}

/**
 * Writes a post, with the event `post.changed` in the same document. Where the author has used the same idempotency key for the
 * same content, nothing is written, and the post is given as it is now, with its first event.
 * @param uploads where it is asked whether the uploads are there that the post refers to
 * @throws BAD_USER_INPUT with the argument's path
 */
export async function createPost(
  store: MongoStore,
  input: CreatePost,
  uploads: Uploads = noUploads,
): Promise<WrittenPost> {
  const { idempotencyKey, ...parts } = checkInput(createInput, input, ['input']);
  const _id = opaqueId('post', parts.authorId, idempotencyKey);
  const fingerprint = fingerprintOf(parts);
  const createdAt = new Date();
  try {
    checkClosing(parts.poll, createdAt);
    await checkUploads(uploads, parts);
  } catch (error) {
    // A repeated call: what has been written stands, though its poll may have closed and its uploads grown old.
    const earlier = await findPost(store, _id);
    if (earlier) return repeated(earlier, fingerprint);
    throw error;
  }

  const { document, entry } = newPost({ _id, ...parts, createdAt });
  const creation = { eventId: entry.event.id, fingerprint };
  await writeNotes(store, [noteOf(entry)]);
  const earlier = await insertOrFind(store, { ...document, creation });
  return earlier ? repeated(earlier, fingerprint) : { post: postRow(document), eventId: creation.eventId };
}

function checkClosing(poll: PollInput | undefined, now: Date): void {
  if (!poll?.closesAt) return;
  const path = ['input', 'poll', 'closesAt'];
  const inMs = poll.closesAt.getTime() - now.getTime();
  if (inMs <= 0) throw badInput('A poll closes in the future.', path);
  if (inMs > longestPollMs) throw badInput('A poll closes within 30 days.', path);
}

/** What a repeated call is answered. */
function repeated(earlier: PostDocument, fingerprint: string): WrittenPost {
  if (earlier.creation?.fingerprint !== fingerprint) {
    throw badInput('This idempotency key has been used for another post.', ['input', 'idempotencyKey']);
  }
  return { post: earlier.isDeleted ? { id: earlier._id } : postRow(earlier), eventId: earlier.creation.eventId };
}

async function findPost(store: MongoStore, id: string): Promise<PostDocument | null> {
  const text = 'db.posts.findOne({ _id: ID }, { outbox: 0 })';
  return await store.call(
    { text, parameters: { ID: id }, isRead: true, rowsOf: (post) => (post ? 1 : 0) },
    async ({ posts }) => await posts.findById(id, { outbox: 0 }).lean(),
  );
}

/** Inserts the post; where one has its id, gives that one instead. */
async function insertOrFind(store: MongoStore, document: PostDocument): Promise<PostDocument | null> {
  const statement = { text: 'db.posts.insertOne(POST)', parameters: { POST: document }, rowsOf: () => 1 };
  return await store.call(statement, async ({ posts }) => {
    try {
      await posts.insertMany([document]);
      return null;
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      return await posts.findById(document._id, { outbox: 0 }).lean().orFail();
    }
  });
}

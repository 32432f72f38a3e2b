import * as z from 'zod';
import { badInput, checkInput, idText } from '../../../gateway/input.ts';
import type { PostDocument } from '../documents.ts';
import { isDuplicateKey } from '../insert-new.ts';
import { noteOf } from '../outbox.ts';
import { type PostRow, postRow } from '../queries.ts';
import type { MongoStore } from '../store.ts';
import { idempotencyKey, movieId, postContent } from './input.ts';
import { fingerprintOf, opaqueId } from './opaque-id.ts';
import { newPost, writeNotes } from './post-event.ts';

const createInput = z.object({
  authorId: idText,
  title: postContent.title,
  body: postContent.body,
  movieId,
  attachments: postContent.attachments.nullish().transform((attachments) => attachments ?? []),
  tags: postContent.tags.nullish().transform((tags) => tags ?? []),
  idempotencyKey,
});

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
 * @throws BAD_USER_INPUT with the argument's path
 */
export async function createPost(store: MongoStore, input: CreatePost): Promise<WrittenPost> {
  const { idempotencyKey, ...parts } = checkInput(createInput, input, ['input']);
  const _id = opaqueId('post', parts.authorId, idempotencyKey);
  const { document, entry } = newPost({ _id, ...parts, createdAt: new Date() });
  const creation = { eventId: entry.event.id, fingerprint: fingerprintOf(parts) };

  await writeNotes(store, [noteOf(entry)]);
  const earlier = await insertOrFind(store, { ...document, creation });
  if (!earlier) return { post: postRow(document), eventId: creation.eventId };
  if (earlier.creation?.fingerprint !== creation.fingerprint) {
    throw badInput('This idempotency key has been used for another post.', ['input', 'idempotencyKey']);
  }
  return { post: earlier.isDeleted ? { id: _id } : postRow(earlier), eventId: earlier.creation.eventId };
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

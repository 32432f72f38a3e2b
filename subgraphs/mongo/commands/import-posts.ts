import * as z from 'zod';
import { chunks } from '../../../gateway/batches.ts';
import { checkInput, idText } from '../../../gateway/input.ts';
import type { PostDocument } from '../documents.ts';
import { insertNew } from '../insert-new.ts';
import { collections, noteOf } from '../outbox.ts';
import type { MongoStore } from '../store.ts';
import { movieId, pastInstant, poll, postContent } from './input.ts';
import { newPost, writeNotes } from './post-event.ts';

const importedPost = z.object({
  id: idText,
  authorId: idText,
  movieId,
  title: postContent.title,
  body: postContent.body,
  attachments: postContent.attachments.default([]),
  tags: postContent.tags.default([]),
  poll: poll.optional(),
  createdAt: pastInstant,
});

export type ImportedPost = z.input<typeof importedPost>;

const postsPerBatch = 500;

/**
 * Writes posts with the ids, authors and times that they come with, each with its event `post.changed`. Those that are there
 * are left as they are, so an interrupted import can be repeated.
 * @throws BAD_USER_INPUT with the argument's path, before anything is written
 */
export async function importPosts(store: MongoStore, posts: readonly ImportedPost[]): Promise<void> {
  const checked = posts.map((post, index) => checkInput(importedPost, post, ['posts', index]));
  for (const batch of chunks(checked, postsPerBatch)) {
    const ids = batch.map(({ id }) => id);
    const present = await store.call(
      { text: 'db.posts.find({ _id: { $in: IDS } }, { _id: 1 })', parameters: { IDS: ids }, isRead: true },
      async ({ posts }) => await posts.find({ _id: { $in: ids } }, { _id: 1 }).lean(),
    );
    const known = new Set(present.map(({ _id }) => _id));
    const news = batch.filter(({ id }) => !known.has(id)).map(({ id, ...post }) => newPost({ _id: id, ...post }));
    if (news.length === 0) continue;
    await writeNotes(
      store,
      news.map(({ entry }) => noteOf(entry)),
    );
    const documents = news.map(({ document }) => document);
    const text = 'db.posts.insertMany(POSTS, { ordered: false })';
    await store.call({ text, parameters: { POSTS: documents } }, ({ db }) =>
      insertNew(db.collection<PostDocument>(collections.posts), documents),
    );
  }
}

import type { EventData } from '../../../schema/events/index.ts';
import type { Poll, PostDocument } from '../documents.ts';
import { entryOf, type OutboxNote } from '../outbox.ts';
import type { MongoStore } from '../store.ts';
import type { PollInput } from './input.ts';

type Post = Omit<PostDocument, 'outbox' | 'change'>;

/** What `post.changed` says of a post. */
export function changedData(post: Post): EventData<'post.changed'> {
  const { _id, authorId, movieId, title, body, attachments, tags, poll, createdAt, editedAt } = post;
  return {
    ...{ postId: _id, authorId, movieId, title, body, tags },
    attachments: attachments.map(({ type, url, title, uploadId }) => ({
      ...{ type, url: url ?? '', title },
      ...(uploadId !== undefined && { uploadId }),
    })),
    createdAt: createdAt.toISOString(),
    editedAt: editedAt?.toISOString() ?? null,
    ...(poll && {
      poll: { options: poll.options.map(({ text }) => text), closesAt: poll.closesAt?.toISOString() ?? null },
    }),
  };
}

/** What a post is made of. */
type NewPost = Pick<
  PostDocument,
  '_id' | 'authorId' | 'movieId' | 'title' | 'body' | 'attachments' | 'tags' | 'createdAt'
> & { poll?: PollInput };

/** The document of a new post, with the event that tells of it. */
export function newPost({ poll, ...parts }: NewPost) {
  const alive = { editedAt: null, deletedAt: null, isDeleted: false, version: 1, creation: null };
  const post = { ...parts, ...(poll && { poll: unvoted(poll) }), ...alive };
  const { _id: subject, authorId: actor } = post;
  const entry = entryOf('post.changed', { subject, version: 1, actor, data: changedData(post) });
  const document: PostDocument = { ...post, change: { version: 1, eventId: entry.event.id }, outbox: [entry] };
  return { document, entry };
}

const unvoted = ({ options, closesAt }: PollInput): Poll => ({
  options: options.map((text) => ({ text, votes: 0 })),
  closesAt,
});

/** Tells the relay where to look; always before the event itself is written. */
export async function writeNotes(store: MongoStore, notes: readonly OutboxNote[]): Promise<void> {
  const statement = { text: 'db.outbox_pending.insertMany(NOTES)', parameters: { NOTES: notes } };
  await store.call(statement, async ({ pending }) => void (await pending.insertMany([...notes])));
}

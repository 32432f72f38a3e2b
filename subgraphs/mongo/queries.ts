import type { Page } from '../../gateway/connection.ts';
import { notFound } from '../../gateway/errors.ts';
import type { EventRow } from '../../gateway/event-place.ts';
import type { Statement } from '../../gateway/seam.ts';
import type { Attachment, CommentDocument, Poll, PostDocument, ProfileContent } from './documents.ts';
import type { OutboxNote, PositionDocument } from './outbox.ts';
import { type PageKey, pagesOf } from './pages.ts';
import type { MongoStore } from './store.ts';

/** A post as readers see it. */
export interface PostRow {
  id: string;
  authorId: string;
  movieId: string | null;
  title: string;
  body: string;
  attachments: Attachment[];
  tags: string[];
  /** Null where it asks nothing. */
  poll: Poll | null;
  createdAt: Date;
  editedAt: Date | null;
}

export interface CommentRow {
  id: string;
  postId: string;
  authorId: string;
  body: string;
  createdAt: Date;
}

/** Posts by id; NOT_FOUND for unknown and deleted ones. */
export async function postsById(store: MongoStore, ids: readonly string[]): Promise<(PostRow | Error)[]> {
  const found = await store.call(
    { text: 'db.posts.find({ _id: { $in: IDS } }, { outbox: 0 })', parameters: { IDS: ids }, isRead: true },
    async ({ posts }) => await posts.find({ _id: { $in: [...ids] } }, { outbox: 0 }).lean(),
  );
  const byId = new Map(found.filter(({ isDeleted }) => !isDeleted).map((post) => [post._id, postRow(post)]));
  return ids.map((id) => byId.get(id) ?? notFound('post', id));
}

/** A page of one movie's, author's or post's. */
export interface PageOf {
  id: string;
  page: Page;
  /**
   * The authors whose posts or comments are left out.
   * @default none
   */
  hidden?: readonly string[];
}

/** Pages of the posts about movies, newest first. Each holds one post more than asked for, where there is one. */
export async function discussions(store: MongoStore, keys: readonly PageOf[]): Promise<PostRow[][]> {
  const newest = { field: 'movieId', filter: { isDeleted: false }, direction: -1 } as const;
  const pages = await pagesOf(store, { ...newest, collection: 'posts' }, keys.map(pageKey));
  return pages.map((posts) => (posts as PostDocument[]).map(postRow));
}

/** Pages of what users have written, newest first. Each holds one post more than asked for, where there is one. */
export async function postsByAuthor(store: MongoStore, keys: readonly PageOf[]): Promise<PostRow[][]> {
  const newest = { field: 'authorId', filter: { isDeleted: false }, direction: -1 } as const;
  const pages = await pagesOf(store, { ...newest, collection: 'posts' }, keys.map(pageKey));
  return pages.map((posts) => (posts as PostDocument[]).map(postRow));
}

/** Pages of posts' comments, oldest first. Each holds one comment more than asked for, where there is one. */
export async function commentsByPost(store: MongoStore, keys: readonly PageOf[]): Promise<CommentRow[][]> {
  const oldest = { field: 'postId', filter: {}, direction: 1 } as const;
  const pages = await pagesOf(store, { ...oldest, collection: 'comments' }, keys.map(pageKey));
  return pages.map((comments) => (comments as CommentDocument[]).map(commentRow));
}

const pageKey = ({ id, page, hidden = [] }: PageOf): PageKey => ({ value: id, page, hidden });

/** The options that users have voted for, by `post/user`; null where there is no vote. */
export async function votesById(store: MongoStore, ids: readonly string[]): Promise<(number | null)[]> {
  const among = { _id: { $in: [...ids] } };
  const found = await store.call(
    { text: 'db.poll_votes.find({ _id: { $in: IDS } }, { option: 1 })', parameters: { IDS: ids }, isRead: true },
    async ({ votes }) => await votes.find(among, { projection: { option: 1 } }).toArray(),
  );
  const byId = new Map(found.map(({ _id, option }) => [_id, option]));
  return ids.map((id) => byId.get(id) ?? null);
}

/** What users tell of themselves; null for those who tell nothing. */
export async function profilesByUser(
  store: MongoStore,
  userIds: readonly string[],
): Promise<(ProfileContent | null)[]> {
  const text = 'db.profiles.find({ _id: { $in: IDS } }, { outbox: 0 })';
  const found = await store.call(
    { text, parameters: { IDS: userIds }, isRead: true },
    async ({ profiles }) => await profiles.find({ _id: { $in: [...userIds] } }, { outbox: 0 }).lean(),
  );
  const byId = new Map(found.map(({ _id, ...profile }) => [_id, profileOf(profile)]));
  return userIds.map((id) => byId.get(id) ?? null);
}

/** Those of the uploads that a post which stands refers to. A deleted one refers to nothing. */
export async function usedUploads(store: MongoStore, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const text = "db.posts.find({ 'attachments.uploadId': { $in: IDS } }, { 'attachments.uploadId': 1 })";
  const posts = await store.call(
    { text, parameters: { IDS: ids }, isRead: true },
    async ({ posts }) =>
      await posts
        .find({ 'attachments.uploadId': { $in: [...ids] } }, { 'attachments.uploadId': 1 })
        .lean<Pick<PostDocument, 'attachments'>[]>(),
  );
  const used = new Set(posts.flatMap(({ attachments }) => attachments.map(({ uploadId }) => uploadId)));
  return new Set(ids.filter((id) => used.has(id)));
}

/** Whether no post has ever been written: deleted ones stay as tombstones. */
export async function isWithoutPosts(store: MongoStore): Promise<boolean> {
  const post = await store.call(
    { text: 'db.posts.findOne({}, { _id: 1 })', parameters: {}, isRead: true, rowsOf: (post) => (post ? 1 : 0) },
    async ({ posts }) => await posts.findOne({}, { _id: 1 }).lean(),
  );
  return post === null;
}

/**
 * Events by id, waiting or published; null for those unknown. Notes are read first: the relay deletes a note when the position
 * is written, so an event that it moves meanwhile is found in one of the two. A note is written before its event, and may be
 * left by a command that died; but nobody is told the id of an event before it is written, so a note alone is as good.
 */
export async function eventsById(store: MongoStore, ids: readonly string[]): Promise<(EventRow | null)[]> {
  const among = { _id: { $in: [...ids] } };
  const statement: Statement<readonly [OutboxNote[], PositionDocument[]]> = {
    text: 'db.outbox_pending.find({ _id: { $in: IDS } })\ndb.event_positions.find({ _id: { $in: IDS } })',
    parameters: { IDS: ids },
    isRead: true,
    rowsOf: ([notes, positions]) => notes.length + positions.length,
  };
  const [notes, positions] = await store.call(statement, async ({ pending, positions }) => {
    const waiting = await pending.find(among).toArray();
    return [waiting, await positions.find(among).toArray()] as const;
  });
  const waits = { topic: null, partition: null, offset: null, publishedAt: null };
  const byId = new Map<string, EventRow>(notes.map(({ _id, type, actorId }) => [_id, { type, actorId, ...waits }]));
  for (const { _id, ...position } of positions) byId.set(_id, position);
  return ids.map((id) => byId.get(id) ?? null);
}

/** The post of a document. */
export const postRow = (document: Omit<PostDocument, 'outbox'>): PostRow => {
  const { _id, authorId, movieId, title, body, attachments, tags, poll = null, createdAt, editedAt } = document;
  return { id: _id, authorId, movieId, title, body, attachments, tags, poll, createdAt, editedAt };
};

/** What a profile tells, without what it is kept with. */
export const profileOf = ({ bio, links, interests }: ProfileContent): ProfileContent => ({
  bio,
  links: links.map(({ title, url }) => ({ title, url })),
  interests: [...interests],
});

/** The comment of a document. */
export const commentRow = ({ _id, postId, authorId, body, createdAt }: CommentDocument): CommentRow => ({
  id: _id,
  postId,
  authorId,
  body,
  createdAt,
});

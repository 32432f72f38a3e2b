import { randomUUID } from 'node:crypto';
import mongoose, { type mongo as driver } from 'mongoose';
import { v7 as uuidv7 } from 'uuid';
import { readSettings, type Settings } from '../../config.ts';
import type { Source } from '../../fanout/sink.ts';
import type { StoredUpload, Uploads } from '../../gateway/request.ts';
import type { Room } from '../../gateway/room.ts';
import { openTestRoom, type TestRoom } from '../../gateway/testing.ts';
import { noUploads } from '../../gateway/uploads.ts';
import type { StreamEvent } from '../../schema/events/index.ts';
import type { AddComment, CreatePost } from './commands.ts';
import type { PostDocument, ProfileDocument } from './documents.ts';
import { mongo } from './index.ts';
import { collections, type OutboxCollection, type OutboxNote, type WithOutbox } from './outbox.ts';
import type { MongoStore } from './store.ts';

/** A database of its own, where no relay takes events from the outbox; dropped on dispose. */
export interface TestDatabase extends AsyncDisposable {
  settings: Settings['mongo'];
  db: driver.Db;
  /** Posts as they are stored, past the project's own code. */
  posts: driver.Collection<PostDocument>;
  profiles: driver.Collection<ProfileDocument>;
  notes: driver.Collection<OutboxNote>;
  /**
   * The events that wait in a document, in their order.
   * @param collection where the document is; posts, if left out
   */
  events(id: string, collection?: OutboxCollection): Promise<StreamEvent[]>;
}

export async function openTestDatabase(): Promise<TestDatabase> {
  const { mongo: settings } = readSettings();
  const url = new URL(settings.url);
  url.pathname = `/test_${randomUUID().replaceAll('-', '')}`;
  const client = await new mongoose.mongo.MongoClient(url.href).connect();
  const db = client.db();
  return {
    settings: { ...settings, url: url.href },
    db,
    posts: db.collection<PostDocument>(collections.posts),
    profiles: db.collection<ProfileDocument>(collections.profiles),
    notes: db.collection<OutboxNote>(collections.pending),
    async events(id, collection = collections.posts) {
      const document = await db.collection<WithOutbox>(collection).findOne({ _id: id });
      return (document?.outbox ?? []).map(({ event }) => event);
    },
    async [Symbol.asyncDispose]() {
      await db.dropDatabase();
      await client.close();
    },
  };
}

/** The room on a database of its own. */
export interface TestMongo extends TestRoom, TestDatabase {
  store: MongoStore;
  source: Source;
}

export async function openTestMongo(): Promise<TestMongo> {
  const database = await openTestDatabase();
  const onThatDatabase: Room = {
    ...mongo,
    open: (services) => {
      const settings = { ...services.settings, mongo: database.settings };
      return (mongo.open as NonNullable<Room['open']>)({ ...services, settings });
    },
  };
  const room = await openTestRoom(onThatDatabase);
  return {
    ...database,
    ...room,
    store: room.open.store as MongoStore,
    source: room.open.source as Source,
    async [Symbol.asyncDispose]() {
      await room[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** A new id with a readable beginning. */
export const newId = (prefix: string) => `${prefix}-${randomUUID()}`;

/** A post of the author's, with a key of its own. */
export const post = (authorId: string, parts: Partial<CreatePost> = {}): CreatePost => ({
  authorId,
  title: 'A title',
  body: 'A body.',
  movieId: 'm101',
  tags: ['test'],
  attachments: [{ type: 'LINK', url: 'https://example.org/', title: null }],
  idempotencyKey: randomUUID(),
  ...parts,
});

/** A comment of the author's, with a key of its own. */
export const comment = (authorId: string, postId: string, parts: Partial<AddComment> = {}): AddComment => ({
  authorId,
  postId,
  body: 'A comment.',
  idempotencyKey: randomUUID(),
  ...parts,
});

/** A post that asks something. */
export const pollPost = (authorId: string, poll: Partial<NonNullable<CreatePost['poll']>> = {}): CreatePost =>
  post(authorId, { poll: { options: ['Yes', 'No', 'Perhaps'], ...poll } });

/** The id of a new upload of the user's. */
export const newUploadId = (userId: string) => `${userId}/${uuidv7()}`;

/** Uploads that are there, and no others. */
export function theseUploads(...uploads: (Pick<StoredUpload, 'id' | 'ownerId'> & Partial<StoredUpload>)[]): Uploads {
  const usual = { contentType: 'image/png', sizeBytes: 1_000, uploadedAt: new Date() };
  const byId = new Map(uploads.map((upload) => [upload.id, { ...usual, ...upload }]));
  return { ...noUploads, find: async (ids) => ids.map((id) => byId.get(id) ?? null) };
}

import mongoose, { type ConnectOptions, type Model, type mongo } from 'mongoose';
import type { Settings } from '../../config.ts';
import type { Context, RoomStore } from '../../gateway/room.ts';
import { createSeam, type Statement } from '../../gateway/seam.ts';
import {
  type CommentDocument,
  commentSchema,
  type PostDocument,
  type ProfileDocument,
  postSchema,
  profileSchema,
  type VoteDocument,
} from './documents.ts';
import { migrations, retiredIndexes } from './migrations.ts';
import { isOutage } from './outage.ts';
import { collections, type OutboxNote, type PositionDocument } from './outbox.ts';
import { inMongosh } from './shell.ts';

/** The collections, as queries and commands use them. */
export interface Mongo {
  posts: Model<PostDocument>;
  comments: Model<CommentDocument>;
  profiles: Model<ProfileDocument>;
  votes: mongo.Collection<VoteDocument>;
  pending: mongo.Collection<OutboxNote>;
  positions: mongo.Collection<PositionDocument>;
  db: mongo.Db;
}

/** What queries and commands need of MongoDB. */
export interface MongoStore extends RoomStore {
  /**
   * One call of the seam.
   * @param statement as mongosh takes it, with names in capitals where values stand; for those who observe
   */
  call<T>(statement: string | Statement<T>, work: (mongo: Mongo) => Promise<T>): Promise<T>;
}

export type RoomContext = Context<MongoStore>;

/** A server that is not there costs a page this long. The driver looks for it anew as often as it is asked, twice a second. */
const serverSelectionTimeoutMs = 500;
/** Building an index over many documents takes its time, in which the connection is silent. */
const migrationTimeoutMs = 60_000;

/** The server's code for an index that is not there. */
const indexNotFound = 27;

function unlessGone(error: unknown): void {
  if ((error as { code?: unknown }).code !== indexNotFound) throw error;
}

/** Makes the client, without connecting: the first call that finds the server does. */
export function openMongo({ url, timeoutMs }: Settings['mongo']): MongoStore {
  const connection = mongoose.createConnection();
  const models = {
    posts: connection.model<PostDocument>('Post', postSchema, collections.posts),
    comments: connection.model<CommentDocument>('Comment', commentSchema, collections.comments),
    profiles: connection.model<ProfileDocument>('Profile', profileSchema, collections.profiles),
  };
  const options: ConnectOptions = {
    appName: 'streamshop',
    serverSelectionTimeoutMS: serverSelectionTimeoutMs,
    connectTimeoutMS: timeoutMs,
    heartbeatFrequencyMS: 500,
    // Half a second mends no failover, and with a retry a page would wait for it twice. Commands can be repeated by the client.
    retryReads: false,
    retryWrites: false,
    // The seam's deadline comes first; the driver's own is for connections that never answer again.
    socketTimeoutMS: 2 * timeoutMs,
    waitQueueTimeoutMS: timeoutMs,
    maxPoolSize: 20,
    // An acknowledged write is in the journal of most members.
    writeConcern: { w: 'majority', journal: true },
    // A call that finds no server fails, rather than to wait in mongoose for one.
    bufferCommands: false,
    // Indexes are made by `migrate`.
    autoIndex: false,
    autoCreate: false,
  };

  let opening: Promise<Mongo> | undefined;
  /** Connects once; from then on the driver finds a server that was away by itself. */
  const open = () => {
    opening ??= connect().catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };
  async function connect(): Promise<Mongo> {
    // mongoose takes what is its own out of the options that it is given.
    await connection.openUri(url, { ...options });
    const db = connection.getClient().db();
    return {
      ...models,
      votes: db.collection<VoteDocument>(collections.votes),
      pending: db.collection<OutboxNote>(collections.pending),
      positions: db.collection<PositionDocument>(collections.positions),
      db,
    };
  }

  const seam = createSeam({ store: 'mongo', timeoutMs, isOutage, inShell: inMongosh });
  return {
    call: (statement, work) => seam(statement, async () => await work(await open())),
    async ping() {
      await seam({ text: "db.posts.findOne({ _id: 'none' })", isRead: true }, async () => {
        await (await open()).posts.findById('none').lean();
      });
    },
    async migrate() {
      const client = new mongoose.mongo.MongoClient(url, {
        ...{ appName: 'streamshop-migrations', serverSelectionTimeoutMS: serverSelectionTimeoutMs },
        ...{ connectTimeoutMS: timeoutMs, socketTimeoutMS: migrationTimeoutMs },
      });
      try {
        for (const { collection, index, sparse = false } of migrations) {
          const options = sparse ? { sparse } : {};
          const text = `db.${collection}.createIndex(${JSON.stringify(index)}, ${JSON.stringify(options)})`;
          await seam(
            { text, timeoutMs: migrationTimeoutMs },
            async () => await client.db().createIndex(collection, index, options),
          );
        }
        for (const { collection, name } of retiredIndexes) {
          const text = `db.${collection}.dropIndex(${JSON.stringify(name)})`;
          await seam({ text, timeoutMs: migrationTimeoutMs }, async () => {
            const indexes = await client.db().collection(collection).indexes();
            // Where another process drops it first, that is as good.
            if (indexes.some((index) => index.name === name)) {
              await client.db().collection(collection).dropIndex(name).catch(unlessGone);
            }
          });
        }
      } finally {
        await client.close();
      }
    },
    close: () => connection.close(),
  };
}

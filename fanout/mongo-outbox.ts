import { setTimeout as delay } from 'node:timers/promises';
import mongoose, { type mongo } from 'mongoose';
import type { Settings } from '../config.ts';
import { insertNew } from '../subgraphs/mongo/insert-new.ts';
import {
  type Companion,
  collections,
  noteOf,
  type OutboxEntry,
  type OutboxNote,
  type PositionDocument,
  type WithOutbox,
  writeCompanions,
} from '../subgraphs/mongo/outbox.ts';
import { createLease } from './lease.ts';
import type { Outbox, OutboxRow, OutboxSource, Placed } from './outbox.ts';

/** There is no bell: change streams take a replica set. */
const pollMs = { working: 100, standingBy: 500 };
/** A note whose event is not there by now is that of a command that died, or that the sweep will find. */
const staleAfterMs = 60_000;
const sweepEveryMs = 600_000;
const notesPerRead = 1_000;
const positionsAreKeptMs = 7 * 86_400_000;

/** The arrays `outbox` of MongoDB's posts, found by the notes in `outbox_pending`. */
export const mongoOutbox = (settings: Settings['mongo']): OutboxSource => ({
  name: 'mongo',
  async connect() {
    const client = mongoClient(settings);
    try {
      await client.connect();
    } catch (error) {
      await client.close();
      throw error;
    }
    return openOutbox(client, client.db());
  },
});

/** A client for the write path, which waits for a server that hangs no longer than a few of its timeouts. */
export const mongoClient = ({ url, timeoutMs }: Settings['mongo']): mongo.MongoClient =>
  new mongoose.mongo.MongoClient(url, {
    appName: 'streamshop-relay',
    serverSelectionTimeoutMS: timeoutMs,
    connectTimeoutMS: timeoutMs,
    socketTimeoutMS: 4 * timeoutMs,
    maxPoolSize: 2,
    writeConcern: { w: 'majority', journal: true },
  });

function openOutbox(client: mongo.MongoClient, db: mongo.Db): Outbox {
  const lease = createLease(db, 'relay');
  const positions = db.collection<PositionDocument>(collections.positions);
  const posts = db.collection<WithOutbox>(collections.posts);
  const notes = db.collection<OutboxNote>(collections.pending);
  /** What belongs to the events that were read last. */
  const companions = new Map<string, Companion>();
  let isLeading = false;
  let sweepAt = 0;

  return {
    async leads() {
      isLeading = await lease.hold();
      return isLeading;
    },

    async read(limit) {
      if (Date.now() >= sweepAt) {
        await noteForgotten(db);
        sweepAt = Date.now() + sweepEveryMs;
      }
      companions.clear();
      const rows: OutboxRow[] = [];
      const readPosts = new Set<string>();
      for (let last = ''; rows.length < limit; ) {
        // An event's id begins with its time (UUIDv7): oldest first.
        const some = await notes.find({ _id: { $gt: last } }, { sort: { _id: 1 }, limit: notesPerRead }).toArray();
        const found = await postsOf(db, some);
        const news = found.filter(({ _id }) => !readPosts.has(_id)).flatMap(({ outbox }) => outbox);
        for (const { event, companion } of news) if (companion) companions.set(event.id, companion);
        rows.push(...news.map(rowOf));
        for (const { _id } of found) readPosts.add(_id);

        const waiting = new Set(found.flatMap(({ outbox }) => outbox.map(({ event }) => event.id)));
        await dropVain(
          db,
          some.filter(({ _id }) => !waiting.has(_id)),
        );
        if (some.length < notesPerRead) break;
        last = some.at(-1)?._id ?? last;
      }
      return rows;
    },

    async recordPublished(placed) {
      // In this order: a crash in between leaves something to be repeated, and an event is never without note and position.
      await writeCompanions(
        db,
        placed.flatMap(({ row }) => companions.get(row.id) ?? []),
      );
      await insertNew(positions, placed.map(positionOf));
      const byPost = Map.groupBy(placed, ({ row }) => row.key);
      await posts.bulkWrite(
        [...byPost].map(([_id, some]) => ({
          updateOne: {
            filter: { _id },
            update: { $pull: { outbox: { 'event.id': { $in: some.map(({ row }) => row.id) } } } },
          },
        })) as mongo.AnyBulkWriteOperation<WithOutbox>[],
        { ordered: false },
      );
      await notes.deleteMany({ _id: { $in: placed.map(({ row }) => row.id) } });
    },

    async forgetOldPositions() {
      await positions.deleteMany({ publishedAt: { $lt: new Date(Date.now() - positionsAreKeptMs) } });
    },

    rest: (signal) => delay(isLeading ? pollMs.working : pollMs.standingBy, undefined, { signal }),

    async [Symbol.asyncDispose]() {
      // Does not wait for a server that hangs.
      await Promise.race([lease.release().catch(() => {}), delay(500)]);
      await client.close(true);
    },
  };
}

/** The posts that notes tell of, with their outboxes. */
async function postsOf(db: mongo.Db, notes: readonly Pick<OutboxNote, 'postId'>[]): Promise<WithOutbox[]> {
  const ids = [...new Set(notes.map(({ postId }) => postId))];
  const posts = db.collection<WithOutbox>(collections.posts);
  return await posts.find({ _id: { $in: ids } }, { projection: { outbox: 1 } }).toArray();
}

const rowOf = ({ topic, event }: OutboxEntry): OutboxRow => ({
  ...{ id: event.id, topic, key: event.subject, type: event.type, actorId: event.actor },
  payload: JSON.stringify(event),
});

const positionOf = ({ row, partition, offset }: Placed): PositionDocument => ({
  ...{ _id: row.id, type: row.type, actorId: row.actorId, topic: row.topic, partition, offset: String(offset) },
  publishedAt: new Date(),
});

/**
 * Notes whose event is not in its post: not yet written, or published by a relay that died before it deleted the note, or never
 * written, because its command died. The latter two are deleted.
 */
async function dropVain(db: mongo.Db, vain: readonly OutboxNote[]): Promise<void> {
  if (vain.length === 0) return;
  const staleBefore = Date.now() - staleAfterMs;
  const published = await db
    .collection<PositionDocument>(collections.positions)
    .find({ _id: { $in: vain.map(({ _id }) => _id) } }, { projection: { _id: 1 } })
    .toArray();
  const known = new Set(published.map(({ _id }) => _id));
  const dropped = vain.filter(({ _id, notedAt }) => known.has(_id) || notedAt.getTime() < staleBefore);
  if (dropped.length === 0) return;
  await db.collection<OutboxNote>(collections.pending).deleteMany({ _id: { $in: dropped.map(({ _id }) => _id) } });
}

/** Notes anew what waits without a note: the event of a command that stalled until its note had been dropped. */
async function noteForgotten(db: mongo.Db): Promise<void> {
  const posts = db.collection<WithOutbox>(collections.posts);
  const notes = db.collection<OutboxNote>(collections.pending);
  for await (const { outbox } of posts.find({ 'outbox.0': { $exists: true } }, { projection: { outbox: 1 } })) {
    await insertNew(notes, outbox.map(noteOf));
  }
}

/** How many events wait. Of very many, the notes are counted. */
export async function countMongoOutbox(db: mongo.Db): Promise<number> {
  const notes = db.collection<OutboxNote>(collections.pending);
  const some = await notes.find({}, { projection: { postId: 1 }, limit: notesPerRead }).toArray();
  if (some.length === notesPerRead) return await notes.countDocuments();
  const found = await postsOf(db, some);
  return found.reduce((sum, { outbox }) => sum + outbox.length, 0);
}

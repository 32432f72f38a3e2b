import { setTimeout as delay } from 'node:timers/promises';
import mongoose, { type mongo } from 'mongoose';
import type { Logger } from 'pino';
import type { Settings } from '../config.ts';
import { insertNew } from '../subgraphs/mongo/insert-new.ts';
import {
  type Companion,
  collections,
  type OutboxNote,
  outboxCollectionOf,
  type PositionDocument,
  type WithOutbox,
  writeCompanions,
} from '../subgraphs/mongo/outbox.ts';
import { reasonOf } from './backoff.ts';
import { createLease } from './lease.ts';
import { createSweeper, type Sweeper } from './mongo-sweep.ts';
import { readWaiting } from './mongo-waiting.ts';
import type { Outbox, OutboxSource, Placed } from './outbox.ts';

/** There is no bell: change streams take a replica set. */
const pollMs = { working: 100, standingBy: 500 };
const positionsAreKeptMs = 7 * 86_400_000;
const positionsPerDelete = 1_000;

/** The arrays `outbox` of MongoDB's documents, found by the notes in `outbox_pending`. */
export function mongoOutbox(settings: Settings['mongo']): OutboxSource {
  const sweeper = createSweeper();
  return {
    name: 'mongo',
    async connect(logger) {
      const client = mongoClient(settings);
      try {
        await client.connect();
      } catch (error) {
        await client.close();
        throw error;
      }
      return openOutbox(client, sweeper, logger);
    },
  };
}

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

function openOutbox(client: mongo.MongoClient, sweeper: Sweeper, logger: Logger): Outbox {
  const db = client.db();
  const lease = createLease(db, 'relay');
  /** What belongs to the events that were read last. */
  let companions = new Map<string, Companion>();
  let isLeading = false;
  let isClosed = false;
  const onSweepFailure = (error: unknown) => {
    // With the connection it ends, and the relay says so.
    if (!isClosed)
      logger.warn({ reason: reasonOf(error) }, 'could not look through all documents for events without a note');
  };

  return {
    async leads() {
      isLeading = await lease.hold();
      return isLeading;
    },
    async read(limit) {
      const waiting = await readWaiting(db, limit);
      companions = new Map(waiting.flatMap(({ row, companion }) => (companion ? [[row.id, companion]] : [])));
      sweeper.sweepWhenDue(db, onSweepFailure);
      return waiting.map(({ row }) => row);
    },
    recordPublished: (placed) => recordPublished(db, placed, companions),
    forgetOldPositions: () => forgetOldPositions(db),
    rest: (signal) => delay(isLeading ? pollMs.working : pollMs.standingBy, undefined, { signal }),
    async [Symbol.asyncDispose]() {
      isClosed = true;
      // Does not wait for a server that hangs.
      await Promise.race([lease.release().catch(() => {}), delay(500)]);
      await client.close(true);
    },
  };
}

/** In this order: a crash in between leaves something to be repeated, and an event is never without note and position. */
async function recordPublished(
  db: mongo.Db,
  placed: readonly Placed[],
  companions: ReadonlyMap<string, Companion>,
): Promise<void> {
  await writeCompanions(
    db,
    placed.flatMap(({ row }) => companions.get(row.id) ?? []),
  );
  await insertNew(db.collection<PositionDocument>(collections.positions), placed.map(positionOf));
  await takeOut(db, placed);
  const notes = db.collection<OutboxNote>(collections.pending);
  await notes.deleteMany({ _id: { $in: placed.map(({ row }) => row.id) } });
}

/** Takes published events out of their documents. */
async function takeOut(db: mongo.Db, placed: readonly Placed[]): Promise<void> {
  for (const [collection, ofThat] of Map.groupBy(placed, ({ row }) => outboxCollectionOf(row.type))) {
    const byDocument = Map.groupBy(ofThat, ({ row }) => row.key);
    await db.collection<WithOutbox>(collection).bulkWrite(
      [...byDocument].map(([_id, some]) => ({
        updateOne: {
          filter: { _id },
          update: { $pull: { outbox: { 'event.id': { $in: some.map(({ row }) => row.id) } } } },
        },
      })) as mongo.AnyBulkWriteOperation<WithOutbox>[],
      { ordered: false },
    );
  }
}

const positionOf = ({ row, partition, offset }: Placed): PositionDocument => ({
  ...{ _id: row.id, type: row.type, actorId: row.actorId, topic: row.topic, partition, offset: String(offset) },
  publishedAt: new Date(),
});

/** A few at a time, lest events wait for the rest, or the connection's time run out. */
async function forgetOldPositions(db: mongo.Db): Promise<boolean> {
  const positions = db.collection<PositionDocument>(collections.positions);
  const old = { publishedAt: { $lt: new Date(Date.now() - positionsAreKeptMs) } };
  const some = await positions.find(old, { projection: { _id: 1 }, limit: positionsPerDelete }).toArray();
  if (some.length > 0) await positions.deleteMany({ _id: { $in: some.map(({ _id }) => _id) } });
  return some.length === positionsPerDelete;
}

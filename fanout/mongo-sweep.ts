import type { mongo } from 'mongoose';
import { insertNew } from '../subgraphs/mongo/insert-new.ts';
import { collections, noteOf, type OutboxNote, outboxCollections, type WithOutbox } from '../subgraphs/mongo/outbox.ts';

const sweepEveryMs = 600_000;
const notesPerInsert = 1_000;

/** Looks through all documents now and then, for events without a note. */
export interface Sweeper {
  /**
   * Begins to look where it is time; at the first call, and every ten minutes. Does not wait for it, and publishes nothing
   * itself: the relay finds what it notes.
   * @param onFailure is told why it could not look to the end; the next time is its next attempt
   */
  sweepWhenDue(db: mongo.Db, onFailure: (error: unknown) => void): void;
}

/** A sweeper for all connections that one relay makes, so that a new connection is no reason to look again. */
export function createSweeper(): Sweeper {
  let nextAt = 0;
  return {
    sweepWhenDue(db, onFailure) {
      if (Date.now() < nextAt) return;
      // One at a time, however long it takes.
      nextAt = Number.POSITIVE_INFINITY;
      void noteForgotten(db)
        .catch(onFailure)
        .finally(() => {
          nextAt = Date.now() + sweepEveryMs;
        });
    },
  };
}

/** Notes anew what waits without a note: the event of a command that stalled until its note had been dropped. */
async function noteForgotten(db: mongo.Db): Promise<void> {
  const notes = db.collection<OutboxNote>(collections.pending);
  // Of each event only what a note is made of.
  const fields = { 'outbox.event.id': 1, 'outbox.event.subject': 1, 'outbox.event.type': 1, 'outbox.event.actor': 1 };
  for (const collection of outboxCollections) {
    const documents = db
      .collection<WithOutbox>(collection)
      .find({ 'outbox.event.id': { $exists: true } }, { projection: fields });
    let some: OutboxNote[] = [];
    for await (const { outbox } of documents) {
      some.push(...outbox.map(noteOf));
      if (some.length < notesPerInsert) continue;
      await insertNew(notes, some);
      some = [];
    }
    await insertNew(notes, some);
  }
}

import type { mongo } from 'mongoose';
import { chunks } from '../gateway/batches.ts';
import {
  type Companion,
  collections,
  documentIdOf,
  documentsOf,
  type NotePlace,
  type OutboxEntry,
  type OutboxNote,
  outboxCollectionOf,
  type PositionDocument,
  placeFields,
  type WithOutbox,
} from '../subgraphs/mongo/outbox.ts';
import type { OutboxRow } from './outbox.ts';

const notesPerRead = 1_000;
/**
 * After a long outage of Kafka the outboxes of a thousand documents would fill the memory: they are fetched a few at a time, the
 * beginning of each, until there is more than one request to Kafka takes.
 */
const documentsPerFetch = 20;
const entriesPerDocument = 100;
const enoughCharacters = 1_000_000;
/** A note whose event is not there by now is that of a command that died, or that the sweep will find. */
const staleAfterMs = 60_000;

/** An event that waits, and what belongs to it. */
export interface Waiting {
  row: OutboxRow;
  companion: Companion | undefined;
}

/**
 * The oldest events that wait, those of a document in their order, about as many as can be published at once. Deletes the notes
 * that it finds to be vain.
 */
export async function readWaiting(db: mongo.Db, limit: number): Promise<Waiting[]> {
  const waiting: Waiting[] = [];
  const fetched = new Map<string, Fetched>();
  let characters = 0;
  const isEnough = () => waiting.length >= limit || characters >= enoughCharacters;

  for await (const notes of notesByAge(db)) {
    // Oldest first, of whichever collection: none has to wait for the other's backlog.
    const news = new Map(notes.map((note): [string, OutboxNote] => [placeOf(note), note]));
    for (const place of fetched.keys()) news.delete(place);
    for (const some of chunks(news.values(), documentsPerFetch)) {
      const outboxes = await outboxesOf(db, some);
      for (const place of some.map(placeOf)) {
        const entries = outboxes.get(place) ?? [];
        const events = entries.map((entry) => ({ row: rowOf(entry), companion: entry.companion }));
        waiting.push(...events);
        characters += events.reduce((sum, { row }) => sum + row.payload.length, 0);
        const eventIds = new Set(entries.map(({ event }) => event.id));
        fetched.set(place, { eventIds, isWhole: entries.length < entriesPerDocument });
      }
      if (isEnough()) break;
    }
    await dropVain(
      db,
      notes.filter((note) => {
        const document = fetched.get(placeOf(note));
        return document?.isWhole && !document.eventIds.has(note._id);
      }),
    );
    if (isEnough()) break;
  }
  return waiting;
}

/** What is known of a document's outbox. */
interface Fetched {
  eventIds: ReadonlySet<string>;
  /** Whether these are all of its events. */
  isWhole: boolean;
}

/** Tells documents of all collections apart. */
const placeOf = (note: NotePlace): string => `${outboxCollectionOf(note.type)} ${documentIdOf(note)}`;

/** All notes, page by page. An event's id begins with its time (UUIDv7): oldest first. */
async function* notesByAge(db: mongo.Db): AsyncGenerator<OutboxNote[]> {
  const notes = db.collection<OutboxNote>(collections.pending);
  for (let last: string | undefined = ''; last !== undefined; ) {
    const page: OutboxNote[] = await notes
      .find({ _id: { $gt: last } }, { sort: { _id: 1 }, limit: notesPerRead })
      .toArray();
    yield page;
    last = page.length === notesPerRead ? page.at(-1)?._id : undefined;
  }
}

/** The beginnings of the outboxes that notes point at, by place. */
async function outboxesOf(db: mongo.Db, notes: readonly OutboxNote[]): Promise<Map<string, OutboxEntry[]>> {
  const outboxes = new Map<string, OutboxEntry[]>();
  for (const [collection, ids] of documentsOf(notes)) {
    const documents = await db
      .collection(collection)
      .aggregate<WithOutbox>([
        { $match: { _id: { $in: ids } } },
        { $project: { outbox: { $slice: ['$outbox', entriesPerDocument] } } },
      ])
      .toArray();
    for (const { _id, outbox } of documents) outboxes.set(`${collection} ${_id}`, outbox);
  }
  return outboxes;
}

const rowOf = ({ topic, event }: OutboxEntry): OutboxRow => ({
  ...{ id: event.id, topic, key: event.subject, type: event.type, actorId: event.actor },
  payload: JSON.stringify(event),
});

/**
 * Notes whose event is not in its document: not yet written, or published by a relay that died before it deleted the note, or never
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

/** How many events wait. Of very many, the notes are counted. */
export async function countMongoOutbox(db: mongo.Db): Promise<number> {
  const notes = db.collection<OutboxNote>(collections.pending);
  const some = await notes.find({}, { projection: placeFields, limit: notesPerRead }).toArray();
  if (some.length === notesPerRead) return await notes.countDocuments();
  let waiting = 0;
  for (const [collection, ids] of documentsOf(some)) {
    const [sum] = await db
      .collection(collection)
      .aggregate<{ waiting: number }>([
        { $match: { _id: { $in: ids } } },
        { $group: { _id: null, waiting: { $sum: { $size: '$outbox' } } } },
      ])
      .toArray();
    waiting += sum?.waiting ?? 0;
  }
  return waiting;
}

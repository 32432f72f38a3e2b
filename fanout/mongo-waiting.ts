import type { mongo } from 'mongoose';
import { chunks } from '../gateway/batches.ts';
import {
  type Companion,
  collections,
  type OutboxEntry,
  type OutboxNote,
  type PositionDocument,
  type WithOutbox,
} from '../subgraphs/mongo/outbox.ts';
import type { OutboxRow } from './outbox.ts';

const notesPerRead = 1_000;
/**
 * After a long outage of Kafka the outboxes of a thousand posts would fill the memory: they are fetched a few at a time, the
 * beginning of each, until there is more than one request to Kafka takes.
 */
const postsPerFetch = 20;
const entriesPerPost = 100;
const enoughCharacters = 1_000_000;
/** A note whose event is not there by now is that of a command that died, or that the sweep will find. */
const staleAfterMs = 60_000;

/** An event that waits, and what belongs to it. */
export interface Waiting {
  row: OutboxRow;
  companion: Companion | undefined;
}

/**
 * The oldest events that wait, those of a post in their order, about as many as can be published at once. Deletes the notes
 * that it finds to be vain.
 */
export async function readWaiting(db: mongo.Db, limit: number): Promise<Waiting[]> {
  const waiting: Waiting[] = [];
  const fetched = new Map<string, Fetched>();
  let characters = 0;
  const isEnough = () => waiting.length >= limit || characters >= enoughCharacters;

  for await (const notes of notesByAge(db)) {
    const postIds = new Set(notes.map(({ postId }) => postId).filter((id) => !fetched.has(id)));
    for (const some of chunks(postIds, postsPerFetch)) {
      const outboxes = await outboxesOf(db, some);
      for (const postId of some) {
        const entries = outboxes.get(postId) ?? [];
        const news = entries.map((entry) => ({ row: rowOf(entry), companion: entry.companion }));
        waiting.push(...news);
        characters += news.reduce((sum, { row }) => sum + row.payload.length, 0);
        const eventIds = new Set(entries.map(({ event }) => event.id));
        fetched.set(postId, { eventIds, isWhole: entries.length < entriesPerPost });
      }
      if (isEnough()) break;
    }
    await dropVain(
      db,
      notes.filter(({ _id, postId }) => {
        const post = fetched.get(postId);
        return post?.isWhole && !post.eventIds.has(_id);
      }),
    );
    if (isEnough()) break;
  }
  return waiting;
}

/** What is known of a post's outbox. */
interface Fetched {
  eventIds: ReadonlySet<string>;
  /** Whether these are all of its events. */
  isWhole: boolean;
}

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

/** The beginnings of posts' outboxes, by the posts' ids. */
async function outboxesOf(db: mongo.Db, postIds: readonly string[]): Promise<Map<string, OutboxEntry[]>> {
  const posts = await db
    .collection(collections.posts)
    .aggregate<WithOutbox>([
      { $match: { _id: { $in: postIds } } },
      { $project: { outbox: { $slice: ['$outbox', entriesPerPost] } } },
    ])
    .toArray();
  return new Map(posts.map(({ _id, outbox }) => [_id, outbox]));
}

const rowOf = ({ topic, event }: OutboxEntry): OutboxRow => ({
  ...{ id: event.id, topic, key: event.subject, type: event.type, actorId: event.actor },
  payload: JSON.stringify(event),
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

/** How many events wait. Of very many, the notes are counted. */
export async function countMongoOutbox(db: mongo.Db): Promise<number> {
  const notes = db.collection<OutboxNote>(collections.pending);
  const some = await notes.find({}, { projection: { postId: 1 }, limit: notesPerRead }).toArray();
  if (some.length === notesPerRead) return await notes.countDocuments();
  const postIds = [...new Set(some.map(({ postId }) => postId))];
  const [sum] = await db
    .collection(collections.posts)
    .aggregate<{ waiting: number }>([
      { $match: { _id: { $in: postIds } } },
      { $group: { _id: null, waiting: { $sum: { $size: '$outbox' } } } },
    ])
    .toArray();
  return sum?.waiting ?? 0;
}

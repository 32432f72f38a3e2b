import type { mongo } from 'mongoose';
import { type EventType, eventTypes, type StreamEvent } from '../../schema/events/index.ts';
import { type EventParts, makeEvent } from '../../schema/events/make.ts';
import { insertNew } from './insert-new.ts';

/** The collections that commands and the relay share. */
export const collections = {
  posts: 'posts',
  comments: 'comments',
  votes: 'poll_votes',
  reports: 'post_reports',
  profiles: 'profiles',
  pending: 'outbox_pending',
  positions: 'event_positions',
  leases: 'leases',
} as const;

/** The collections whose documents have an outbox. */
export const outboxCollections = [collections.posts, collections.profiles] as const;
export type OutboxCollection = (typeof outboxCollections)[number];

/** Where events of a type wait: in the document that the event's subject names. */
export const outboxCollectionOf = (type: string): OutboxCollection =>
  type === ('profile.changed' satisfies EventType) ? collections.profiles : collections.posts;

/** An event that waits in the array `outbox` of its document. Oldest first: their order is that of the document's versions. */
export interface OutboxEntry {
  topic: string;
  event: StreamEvent;
  /** What belongs to the event but is written elsewhere; done by the command and, lest that died, by the relay as well. */
  companion?: Companion;
}

export type Companion =
  | { collection: string; insert: { _id: string } & Record<string, unknown> }
  | { collection: string; alsoFrom?: readonly string[]; removeWhere: Record<string, string> };

/** What a command writes before it writes the event: where the relay shall look. */
export interface OutboxNote {
  /** The event's id. */
  _id: string;
  /** The document in whose outbox the event waits; the type tells its collection. */
  documentId: string;
  type: EventType;
  actorId: string | null;
  notedAt: Date;
}

/**
 * What a note tells of where its event waits. Notes that have waited since only posts had outboxes have `postId` for the
 * document's id: an upgrade finds them.
 */
export type NotePlace = { type: EventType } & ({ documentId: string } | { postId: string });

/** The fields of a note that make its place. */
export const placeFields = { documentId: 1, postId: 1, type: 1 } as const;

export const documentIdOf = (place: NotePlace): string => ('postId' in place ? place.postId : place.documentId);

/** Where Kafka holds a published event. */
export interface PositionDocument {
  /** The event's id. */
  _id: string;
  type: string;
  actorId: string | null;
  topic: string;
  partition: number;
  /** A 64-bit number as text. */
  offset: string;
  publishedAt: Date;
}

/** The part of a document that the relay reads. */
export interface WithOutbox {
  _id: string;
  outbox: OutboxEntry[];
}

/** Makes the note of an event that is about to be written. */
export const noteOf = ({ event }: OutboxEntry): OutboxNote => ({
  _id: event.id,
  documentId: event.subject,
  type: event.type,
  actorId: event.actor,
  notedAt: new Date(),
});

/** The documents that notes point at, by collection. */
export function documentsOf(notes: readonly NotePlace[]): Map<OutboxCollection, string[]> {
  const byCollection = Map.groupBy(notes, ({ type }) => outboxCollectionOf(type));
  return new Map([...byCollection].map(([collection, some]) => [collection, [...new Set(some.map(documentIdOf))]]));
}

/**
 * Makes the outbox entry of a change of a document, whose id is the event's subject.
 * @param eventId the id under which it has been noted already; a new one, if left out
 */
export function entryOf<T extends EventType>(
  type: T,
  { eventId, companion, ...parts }: Omit<EventParts<T>, 'key'> & { eventId?: string; companion?: Companion },
): OutboxEntry {
  const { event } = makeEvent('/streamshop/mongo', type, { ...parts, key: parts.subject });
  return {
    topic: eventTypes[type].topic,
    event: { ...event, id: eventId ?? event.id } as StreamEvent,
    ...(companion && { companion }),
  };
}

/** Writes what belongs to events, in their order as far as it matters: rows first, then removals. Safe to repeat. */
export async function writeCompanions(db: mongo.Db, companions: readonly Companion[]): Promise<void> {
  const rows = companions.filter((companion) => 'insert' in companion);
  for (const [collection, some] of Map.groupBy(rows, ({ collection }) => collection)) {
    await insertNew(
      db.collection<{ _id: string }>(collection),
      some.map(({ insert }) => insert),
    );
  }
  for (const companion of companions) {
    if (!('removeWhere' in companion)) continue;
    const { collection, alsoFrom = [], removeWhere } = companion;
    for (const name of [collection, ...alsoFrom]) await db.collection(name).deleteMany(removeWhere);
  }
}

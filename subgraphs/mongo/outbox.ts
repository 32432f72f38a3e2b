import type { mongo } from 'mongoose';
import { type EventType, eventTypes, type StreamEvent } from '../../schema/events/index.ts';
import { type EventParts, makeEvent } from '../../schema/events/make.ts';
import { insertNew } from './insert-new.ts';

/** The collections that commands and the relay share. */
export const collections = {
  posts: 'posts',
  comments: 'comments',
  pending: 'outbox_pending',
  positions: 'event_positions',
  leases: 'leases',
} as const;

/** An event that waits in the array `outbox` of its post. Oldest first: their order is that of the post's versions. */
export interface OutboxEntry {
  topic: string;
  event: StreamEvent;
  /** What belongs to the event but is written elsewhere; done by the command and, lest that died, by the relay as well. */
  companion?: Companion;
}

export type Companion =
  | { collection: string; insert: { _id: string } & Record<string, unknown> }
  | { collection: string; removeWhere: Record<string, string> };

/** What a command writes before it writes the event: where the relay shall look. */
export interface OutboxNote {
  /** The event's id. */
  _id: string;
  postId: string;
  type: EventType;
  actorId: string | null;
  notedAt: Date;
}

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

/** The part of a post that the relay reads. */
export interface WithOutbox {
  _id: string;
  outbox: OutboxEntry[];
}

/** Makes the note of an event that is about to be written. */
export const noteOf = ({ event }: OutboxEntry): OutboxNote => ({
  _id: event.id,
  postId: event.subject,
  type: event.type,
  actorId: event.actor,
  notedAt: new Date(),
});

/**
 * Makes the outbox entry of a change of a post.
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
    if ('removeWhere' in companion) await db.collection(companion.collection).deleteMany(companion.removeWhere);
  }
}

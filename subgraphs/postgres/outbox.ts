import type { EventType } from '../../schema/events/index.ts';
import { eventTypes } from '../../schema/events/index.ts';
import { type EventParts, type KeyedEvent, makeEvent as makeAnyEvent } from '../../schema/events/make.ts';
import type { Transaction } from './store.ts';

export type { KeyedEvent };

/**
 * Makes the event of a change of Postgres that is about to be written.
 * @throws ZodError when the data is not what the event's schema says
 */
export const makeEvent = <T extends EventType>(type: T, parts: EventParts<T>): KeyedEvent =>
  makeAnyEvent('/streamshop/postgres', type, parts);

/**
 * Puts events into the outbox, in their order: `seq` rises with it. Call it after the aggregates were locked, so that
 * `seq` also rises with each aggregate's versions.
 */
export async function writeOutbox(tx: Transaction, events: readonly KeyedEvent[]): Promise<void> {
  if (events.length === 0) return;
  const rows = events.map(({ key, event }, n) => ({ n, topic: eventTypes[event.type].topic, key, payload: event }));
  await tx.$executeRaw`
    INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload, actor_id)
    SELECT (payload->>'id')::uuid, topic, key, payload->>'type', payload, payload->>'actor'
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS event (n int, topic text, key text, payload jsonb)
    ORDER BY n`;
}

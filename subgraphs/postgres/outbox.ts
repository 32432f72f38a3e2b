import { v7 as uuidv7 } from 'uuid';
import { type EventData, type EventType, eventTypes, type StreamEventOf } from '../../schema/events/index.ts';
import type { Transaction } from './store.ts';

/** An event and the key of its Kafka message: messages of one key stay in order. */
export interface KeyedEvent {
  key: string;
  event: StreamEventOf<EventType>;
}

/** What a command knows of its event. */
export interface EventParts<T extends EventType> {
  key: string;
  /** The aggregate's id. */
  subject: string;
  /** The aggregate's version after the event. */
  version: number;
  /** The user who caused it; null where the system did. */
  actor: string | null;
  data: EventData<T>;
}

/**
 * Makes the CloudEvent of a change that is about to be written.
 * @throws ZodError when the data is not what the event's schema says
 */
export function makeEvent<T extends EventType>(type: T, { key, ...parts }: EventParts<T>): KeyedEvent {
  const data = eventTypes[type].data.parse(parts.data) as EventData<T>;
  const event: StreamEventOf<T> = {
    specversion: '1.0',
    id: uuidv7(),
    source: '/streamshop/postgres',
    type,
    time: new Date().toISOString(),
    ...parts,
    data,
  };
  return { key, event };
}

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

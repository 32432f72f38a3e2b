import type { KafkaMessage } from 'kafkajs';
import { type EventType, eventTypes, parseEvent, type StreamEvent } from '../schema/events/index.ts';
import { reasonOf } from './backoff.ts';

/** A message as a sink's runtime sees it. */
export interface Item {
  offset: bigint;
  message: Pick<KafkaMessage, 'key' | 'value'>;
  reading: Reading;
  /** Where its trace goes on; only where somebody exports it. */
  traceparent?: string;
}

export type Reading =
  | { kind: 'event'; event: StreamEvent }
  /** An event that is none of this sink's business, be it of another type or of one that this program does not know yet. */
  | { kind: 'foreign' }
  | { kind: 'unreadable'; reason: string; eventId: string | null; type: string | null };

/** Reads a message for a sink that consumes the given types. Never throws: what is no event is `unreadable`. */
export function readMessage(value: Buffer | null, consumes: ReadonlySet<EventType>): Reading {
  const text = value?.toString('utf8') ?? '';
  let { id, type, specversion }: Envelope = {};
  try {
    ({ id, type, specversion } = JSON.parse(text) ?? {});
    // A newer producer may already write types that this program has yet to learn.
    const isForeign = typeof type === 'string' && !consumes.has(type as EventType);
    if (isForeign && specversion === '1.0' && typeof id === 'string') return { kind: 'foreign' };
    return { kind: 'event', event: parseEvent(text) };
  } catch (error) {
    return {
      kind: 'unreadable',
      reason: value === null ? 'the message has no value' : reasonOf(error),
      eventId: typeof id === 'string' ? id : null,
      type: typeof type === 'string' ? type : null,
    };
  }
}

interface Envelope {
  id?: unknown;
  type?: unknown;
  specversion?: unknown;
}

/** The topics that carry the given types. */
export const topicsOf = (consumes: readonly EventType[]) => [
  ...new Set(consumes.map((type) => eventTypes[type].topic)),
];

import type { Sender } from 'kafkajs';
import type { Item } from './message.ts';

/** An event that a sink could not apply, as the topic `dead_letters` keeps it until it is redriven. */
export interface DeadLetter {
  sink: string;
  /** Null where the message was so broken that it has none. */
  eventId: string | null;
  type: string | null;
  topic: string;
  partition: number;
  offset: string;
  reason: string;
  failedAt: string;
  /** The message as it was; `base64` where it is no text. */
  message: { encoding: 'utf8' | 'base64'; key: string | null; value: string | null };
}

/**
 * The key under which the topic keeps the newest of a dead letter. An event that was published twice is one dead letter;
 * a message without an id is known by its place.
 */
export const deadLetterKey = ({ sink, eventId, topic, partition, offset }: DeadLetter) =>
  eventId === null ? `${sink}|${topic}|${partition}|${offset}` : `${sink}|${eventId}`;

/** Where a failed message comes from. */
export interface Origin {
  sink: string;
  topic: string;
  partition: number;
}

export function deadLetterOf({ offset, message, reading }: Item, origin: Origin, reason: string): DeadLetter {
  const { eventId, type } =
    reading.kind === 'event'
      ? { eventId: reading.event.id, type: reading.event.type }
      : reading.kind === 'unreadable'
        ? reading
        : { eventId: null, type: null };
  const parts = [message.key, message.value];
  const isText = parts.every((part) => part === null || Buffer.from(part.toString('utf8')).equals(part));
  const encoding = isText ? 'utf8' : 'base64';
  const encoded = (part: Buffer | null) => part?.toString(encoding) ?? null;
  return {
    sink: origin.sink,
    eventId,
    type,
    topic: origin.topic,
    partition: origin.partition,
    offset: String(offset),
    reason,
    failedAt: new Date().toISOString(),
    message: { encoding, key: encoded(message.key), value: encoded(message.value) },
  };
}

/** The failed message's value, byte for byte. */
export const messageValue = ({ message }: DeadLetter) =>
  message.value === null ? null : Buffer.from(message.value, message.encoding);

/** Writes a dead letter; done when every in-sync replica has it. */
export async function bury(sender: Sender, topic: string, letter: DeadLetter): Promise<void> {
  await sender.send({ topic, acks: -1, messages: [{ key: deadLetterKey(letter), value: JSON.stringify(letter) }] });
}

/** Takes a dead letter back: a tombstone, at which compaction forgets it. */
export async function exhume(sender: Sender, topic: string, letter: DeadLetter): Promise<void> {
  await sender.send({ topic, acks: -1, messages: [{ key: deadLetterKey(letter), value: null }] });
}

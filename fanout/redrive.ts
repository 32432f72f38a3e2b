import type { Sender } from 'kafkajs';
import { patiently } from '../gateway/guard.ts';
import { type EventType, eventTypes, type StreamEvent } from '../schema/events/index.ts';
import { reasonOf } from './backoff.ts';
import { type DeadLetter, exhume, messageValue } from './dead-letters.ts';
import { readMessage } from './message.ts';
import { Rewind, type Sink } from './sink.ts';

export interface RedriveOptions {
  sink: Sink;
  consumes: readonly EventType[];
  /** Writes the tombstone. */
  sender: Sender;
  /** The topic of dead letters. */
  topic: string;
}

/**
 * Applies a dead letter to its store, beside the running sink, and takes the letter back when that succeeded. Applying an
 * event late, or twice, is what every sink stands anyway.
 * @throws Error that says why it cannot be applied now; the letter stays
 */
export async function redrive(letter: DeadLetter, { sink, consumes, sender, topic }: RedriveOptions): Promise<void> {
  const reading = readMessage(messageValue(letter), new Set(consumes));
  if (reading.kind === 'unreadable') throw new Error(`still unreadable: ${reading.reason}`);
  if (reading.kind === 'foreign') throw new Error(`${letter.sink} does not consume it any more`);
  await patiently(() => applyAlone(sink, reading.event, letter));
  await exhume(sender, topic, letter);
}

/** So often may the running sink move the store's position between two steps of ours. */
const attempts = 20;

async function applyAlone(sink: Sink, event: StreamEvent, { partition, offset }: DeadLetter): Promise<void> {
  const { topic } = eventTypes[event.type];
  if (!sink.positions) {
    const firstOffset = BigInt(offset);
    return await sink.apply({ topic, partition, firstOffset, nextOffset: firstOffset + 1n, events: [event] });
  }
  for (let attempt = 1; ; attempt++) {
    // A batch of no width where the store stands: it adds the event and leaves the position as it is.
    const position = (await sink.positions(topic)).get(partition) ?? 0n;
    try {
      return await sink.apply({ topic, partition, firstOffset: position, nextOffset: position, events: [event] });
    } catch (error) {
      if (!(error instanceof Rewind)) throw error;
      if (attempt === attempts) throw new Error(`the store's position keeps moving: ${reasonOf(error)}`);
    }
  }
}

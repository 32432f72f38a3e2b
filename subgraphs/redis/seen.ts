import { dayMs, dayOf, nameOfDay } from './days.ts';
import { keys } from './keys.ts';

/** A day's set of ids lives this long after the last id was added. */
export const rememberSeconds = (8 * dayMs) / 1_000;

/** An id younger than this is certainly still in its set, if its play was ever counted. A day less, as clocks differ. */
const certainMs = 7 * dayMs;

/** The set that an event's id belongs to. It follows from the id alone, so every redelivery asks the same set. */
export const seenKey = (eventId: string) => keys.seen(nameOfDay(dayOf(createdAtMs(eventId))));

/** Whether the id may have gone from its set although its play was counted. */
export const mayBeForgotten = (eventId: string) => createdAtMs(eventId) < Date.now() - certainMs;

/** When a UUIDv7 was made: its first 48 bits are milliseconds since 1970 (RFC 9562, section 5.7). */
export function createdAtMs(eventId: string): number {
  return Number.parseInt(eventId.replaceAll('-', '').slice(0, 12), 16);
}

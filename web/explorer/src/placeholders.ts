/** Text that a value of the variables can hold in place of something that only a run knows. */
export const placeholders = {
  /** A fresh UUID at each run: an idempotency key that stayed the same would make the second run repeat the first. */
  uuid: '{{uuid}}',
  /** The event of the last mutation. */
  eventId: '{{eventId}}',
} as const;

/** A run needs what is not there yet. */
export class PlaceholderEmpty extends Error {}

/**
 * Puts values in place of the placeholders, at any depth.
 * @param lastEventId the event that `{{eventId}}` stands for
 * @throws PlaceholderEmpty when `{{eventId}}` is asked for and there is none
 */
export function fillPlaceholders<T>(value: T, lastEventId: string | null): T;
export function fillPlaceholders(value: unknown, lastEventId: string | null): unknown {
  if (value === placeholders.uuid) return randomUuid();
  if (value === placeholders.eventId) {
    if (lastEventId) return lastEventId;
    throw new PlaceholderEmpty(
      `${placeholders.eventId} stands for the event of the last mutation. Run one first, such as record-watch.`,
    );
  }
  if (Array.isArray(value)) return value.map((item) => fillPlaceholders(item, lastEventId));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillPlaceholders(item, lastEventId)]));
}

/** RFC 9562, version 4. `crypto.randomUUID` is there on loopback and HTTPS only, `getRandomValues` everywhere. */
function randomUuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

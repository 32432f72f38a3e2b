import { createHash } from 'node:crypto';
import { stringify } from 'uuid';

/**
 * The id of what somebody writes under an idempotency key: the same for the same parts, so that a repeated call meets the first
 * one's document, whose _id is unique. A UUIDv8 (RFC 9562, section 5.8) of the parts' SHA-256.
 */
export function opaqueId(...parts: readonly string[]): string {
  const bytes = createHash('sha256').update(JSON.stringify(parts)).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return stringify(bytes);
}

/** Tells whether two contents are the same, without keeping either. */
export const fingerprintOf = (content: unknown): string =>
  createHash('sha256').update(JSON.stringify(content)).digest('base64url');

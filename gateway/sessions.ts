import { hash } from 'node:crypto';
import { codedError } from './errors.ts';
import type { OpenedRooms } from './open.ts';
import type { Sessions } from './request.ts';

/**
 * What the session of a bearer token goes by: SHA-256 of the token, in hexadecimal. A plain hash will do: unlike a password, 256
 * random bits cannot be guessed (OWASP Session Management Cheat Sheet asks for 64).
 */
export const sessionKeyOf = (token: string): string => hash('sha256', token);

/** The sessions that one of the rooms keeps; where that room is not open, whoever needs a session learns why it is no use. */
export function sessionsOf({ list }: OpenedRooms): Sessions {
  const found = list.find(({ open }) => open?.sessions)?.open?.sessions;
  if (found) return found;
  const off = async () => {
    throw codedError('STORE_UNAVAILABLE', 'Sessions are switched off here: their store does not run.', {
      store: 'redis',
      retryable: false,
    });
  };
  return { create: off, find: off, end: off };
}

import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import * as z from 'zod';

/** OWASP, Password Storage Cheat Sheet: argon2id (the library's default) with 19 MiB, two passes, one lane. */
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

export const newPassword = z
  .string()
  .min(8, 'has at least 8 characters')
  .max(200, 'has at most 200 characters')
  // A lone surrogate is hashed as the replacement character, and so would be any other.
  .refine((password) => password.isWellFormed(), 'is not valid Unicode text');

export const hashPassword = (password: string): Promise<string> => hash(password, parameters);

let decoy: Promise<string> | undefined;

/**
 * Whether a password is the one that was hashed. Without a hash it is not, and takes as long to say so, so that the time
 * does not tell which e-mail addresses are known.
 */
export async function isPassword(password: string, passwordHash: string | null): Promise<boolean> {
  decoy ??= hashPassword(randomBytes(16).toString('hex'));
  const matches = await verify(passwordHash ?? (await decoy), password);
  return matches && passwordHash !== null;
}

import * as z from 'zod';
import { codedError } from './errors.ts';

/** Path of an argument, such as `['input', 'email']`. */
export type ArgumentPath = readonly PropertyKey[];

/**
 * Checks what a caller gave.
 * @param path the argument that holds the value
 * @throws BAD_USER_INPUT with the path of the first argument that is wrong
 */
export function checkInput<T extends z.ZodType>(schema: T, value: unknown, path: ArgumentPath): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const argument = [...path, ...(issue?.path ?? [])];
  throw badInput(`${argument.join('.')}: ${issue?.message ?? 'is not valid'}.`, argument);
}

export const badInput = (message: string, argument: ArgumentPath) =>
  codedError('BAD_USER_INPUT', message, { argument });

/** What every id of an entity looks like. */
export const idPattern = /^[A-Za-z0-9_-]{1,128}$/;

export const idText = z.string().regex(idPattern, 'has 1 to 128 characters of A-Z, a-z, 0-9, _ and -');

/** Text that every store can keep: Postgres takes no NUL and no half of a surrogate pair (PostgreSQL manual, 8.14.1). */
export const text = (most: number) =>
  z
    .string()
    .max(most, `has at most ${most} characters`)
    .refine((value) => value.isWellFormed() && !value.includes('\0'), 'is not valid Unicode text');

export const filledText = (most: number) => text(most).trim().min(1, 'is empty');

/** An e-mail address as it is stored and compared. */
export const emailAddress = z
  .string()
  .trim()
  .max(254, 'has at most 254 characters')
  .toLowerCase()
  .pipe(z.email('is not an e-mail address'));

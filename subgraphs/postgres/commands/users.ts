import { codedError, quoted } from '../../../gateway/errors.ts';
import type { ArgumentPath } from '../../../gateway/input.ts';
import type { Transaction } from '../store.ts';

/** A user that a command names, and the argument that did; absent where the session did. */
export interface NamedUser {
  userId: string;
  path?: ArgumentPath;
}

/**
 * Locks the users who act, in one order so that two batches never wait for each other in a circle. Everything that a watch,
 * a follow or a like reads and writes belongs to its actor: the lock covers playbacks and edges that do not exist yet, and
 * makes two calls about the same one follow one another. NO KEY: foreign keys to the user do not wait.
 * @throws NOT_FOUND for the first who does not exist
 */
export async function lockUsers(tx: Transaction, users: readonly NamedUser[]): Promise<void> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM users WHERE id = ANY(${idsOf(users)}) ORDER BY id FOR NO KEY UPDATE`;
  checkKnown(users, rows);
}

/** @throws NOT_FOUND for the first who does not exist */
export async function checkUsers(tx: Transaction, users: readonly NamedUser[]): Promise<void> {
  const rows = await tx.$queryRaw<{ id: string }[]>`SELECT id FROM users WHERE id = ANY(${idsOf(users)})`;
  checkKnown(users, rows);
}

const idsOf = (users: readonly NamedUser[]) => [...new Set(users.map(({ userId }) => userId))];

function checkKnown(users: readonly NamedUser[], rows: readonly { id: string }[]): void {
  const known = new Set(rows.map(({ id }) => id));
  const stranger = users.find(({ userId }) => !known.has(userId));
  if (stranger) throw missing('user', stranger.userId, stranger.path);
}

/** NOT_FOUND for what an argument names. */
export function missing(what: string, id: string, argument?: ArgumentPath) {
  return codedError('NOT_FOUND', `There is no ${what} ${quoted(id)}.`, { argument });
}

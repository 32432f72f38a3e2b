import * as z from 'zod';
import { badInput, checkInput, emailAddress, filledText, idText } from '../../../gateway/input.ts';
import { makeEvent, writeOutbox } from '../outbox.ts';
import { hidden } from '../sql.ts';
import type { PostgresStore } from '../store.ts';
import { hashPassword, newPassword } from './password.ts';

const importedUser = z.object({
  id: idText,
  email: emailAddress,
  name: filledText(100),
  /** Without one nobody can log in as this user. */
  password: newPassword.optional(),
  scopes: z.array(z.string().regex(/^[a-z][a-z0-9:_-]{0,63}$/)).default([]),
  createdAt: z.date().optional(),
});

export type ImportedUser = z.input<typeof importedUser>;

/**
 * Creates users with given ids, with an event each; those who are there already stay as they are. For loaders; in one
 * transaction, so a thousand at a time.
 * @throws BAD_USER_INPUT with the argument's path; also where an e-mail address is another user's
 */
export async function importUsers(store: PostgresStore, users: readonly ImportedUser[]): Promise<void> {
  const checked = users.map((user, index) => checkInput(importedUser, user, ['users', index]));
  const known = await knownIds(store.db, checked);
  const rows = await Promise.all(checked.filter(({ id }) => !known.has(id)).map(rowOf));
  if (rows.length === 0) return;

  await store.transaction('import users', async (tx) => {
    // In the order of ids, so that two imports at once wait for each other and do not deadlock.
    const inserted = await tx.$queryRaw<{ id: string }[]>`
      INSERT INTO users (id, version, event_id, email, name, password_hash, scopes, created_at)
      SELECT * FROM jsonb_to_recordset(${hidden(JSON.stringify(rows))}::jsonb) AS given
        (id text, version int, event_id uuid, email text, name text, password_hash text, scopes text[], created_at timestamptz)
      ORDER BY id
      ON CONFLICT DO NOTHING
      RETURNING id`;
    const written = new Set(inserted.map(({ id }) => id));
    const skipped = rows.filter(({ id }) => !written.has(id));
    const present = await knownIds(tx, skipped);
    const refused = skipped.find(({ id }) => !present.has(id));
    if (refused) {
      const index = checked.findIndex(({ id }) => id === refused.id);
      throw badInput(`${refused.email} is another user's e-mail address.`, ['users', index, 'email']);
    }
    await writeOutbox(
      tx,
      rows.filter(({ id }) => written.has(id)).map(({ signedUp }) => signedUp),
    );
  });
}

async function rowOf({ id, email, name, password, scopes, createdAt = new Date() }: z.output<typeof importedUser>) {
  const data = { userId: id, name, createdAt: createdAt.toISOString() };
  const signedUp = makeEvent('user.signed_up', { key: id, subject: id, version: 1, actor: null, data });
  return {
    ...{ id, email, name, scopes, version: 1 },
    event_id: signedUp.event.id,
    password_hash: password === undefined ? null : await hashPassword(password),
    created_at: data.createdAt,
    signedUp,
  };
}

async function knownIds(db: Pick<PostgresStore['db'], '$queryRaw'>, users: readonly { id: string }[]) {
  if (users.length === 0) return new Set<string>();
  const rows = await db.$queryRaw<{ id: string }[]>`SELECT id FROM users WHERE id = ANY(${users.map(({ id }) => id)})`;
  return new Set(rows.map(({ id }) => id));
}

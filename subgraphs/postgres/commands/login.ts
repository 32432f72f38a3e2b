import * as z from 'zod';
import { codedError } from '../../../gateway/errors.ts';
import { checkInput, emailAddress } from '../../../gateway/input.ts';
import type { PostgresStore } from '../store.ts';
import { isPassword } from './password.ts';

const loginInput = z.object({ email: emailAddress, password: z.string().max(200, 'has at most 200 characters') });

/**
 * Finds the user whose e-mail address and password these are. Writes nothing: the caller opens the session.
 * @throws UNAUTHENTICATED, the same and after about the same time for an unknown address and for a wrong password
 */
export async function login(
  store: PostgresStore,
  input: z.input<typeof loginInput>,
): Promise<{ userId: string; scopes: string[] }> {
  const { email, password } = checkInput(loginInput, input, ['input']);
  const [user] = await store.db.$queryRaw<{ id: string; passwordHash: string | null; scopes: string[] }[]>`
    SELECT id, password_hash AS "passwordHash", scopes FROM users WHERE lower(email) = ${email}`;
  const matches = await isPassword(password, user?.passwordHash ?? null);
  if (!user || !matches) throw codedError('UNAUTHENTICATED', 'The e-mail address or the password is wrong.');
  return { userId: user.id, scopes: user.scopes };
}

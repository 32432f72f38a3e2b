import { v7 as uuidv7 } from 'uuid';
import * as z from 'zod';
import { badInput, checkInput, emailAddress, filledText } from '../../../gateway/input.ts';
import { makeEvent, writeOutbox } from '../outbox.ts';
import { hidden } from '../sql.ts';
import type { PostgresStore } from '../store.ts';
import { hashPassword, newPassword } from './password.ts';

const signUpInput = z.object({ email: emailAddress, name: filledText(100), password: newPassword });

/**
 * Creates a user, with the event `user.signed_up`.
 * @throws BAD_USER_INPUT with the argument's path; also for an e-mail address that is taken, as the unique index decides
 */
export async function signUp(
  store: PostgresStore,
  input: z.input<typeof signUpInput>,
): Promise<{ userId: string; eventId: string }> {
  const { email, name, password } = checkInput(signUpInput, input, ['input']);
  const passwordHash = await hashPassword(password);
  const userId = uuidv7();
  const createdAt = new Date();
  const signedUp = makeEvent('user.signed_up', {
    key: userId,
    subject: userId,
    version: 1,
    actor: userId,
    data: { userId, name, createdAt: createdAt.toISOString() },
  });
  await store.transaction('sign up', async (tx) => {
    const written = await tx.$executeRaw`
      INSERT INTO users (id, version, event_id, email, name, password_hash, created_at)
      VALUES (${userId}, 1, ${signedUp.event.id}::uuid, ${email}, ${name}, ${hidden(passwordHash)}, ${createdAt})
      ON CONFLICT (lower(email)) DO NOTHING`;
    if (written === 0) throw badInput('Somebody has signed up with this e-mail address.', ['input', 'email']);
    await writeOutbox(tx, [signedUp]);
  });
  return { userId, eventId: signedUp.event.id };
}

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { importUsers, login, signUp } from '../commands.ts';
import { newId, openTestPostgres, type TestPostgres } from '../testing.ts';

let room: TestPostgres;
beforeAll(async () => {
  room = await openTestPostgres();
});
afterAll(() => room[Symbol.asyncDispose]());

const password = 'correct horse battery';
const newEmail = () => `${newId('Alice')}@Example.org`;
const rowsOf = (email: string) =>
  room.store.db.$queryRaw<Record<string, unknown>[]>`SELECT * FROM users WHERE lower(email) = ${email.toLowerCase()}`;

describe('signUp', () => {
  test('writes the user, with the password hashed, and an event that tells no address', async () => {
    const email = newEmail();
    const { userId, eventId } = await signUp(room.store, { email: ` ${email} `, name: ' Alice ', password });
    const [row] = await rowsOf(email);
    expect(row).toMatchObject({ id: userId, version: 1, event_id: eventId, email: email.toLowerCase(), name: 'Alice' });
    expect(row?.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    const [event, ...others] = await room.events(userId);
    expect(others).toEqual([]);
    expect(event).toMatchObject({ id: eventId, type: 'user.signed_up', version: 1, actor: userId, subject: userId });
    expect(JSON.stringify(event).toLowerCase()).not.toContain('example.org');
  });

  test('an address is taken once, in any case, also when two race', async () => {
    const email = newEmail();
    const outcomes = await Promise.allSettled(
      [email, email.toUpperCase()].map((each) => signUp(room.store, { email: each, name: 'Alice', password })),
    );
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused.map(({ reason }) => reason.extensions)).toMatchObject([
      { code: 'BAD_USER_INPUT', argument: ['input', 'email'] },
    ]);
    expect(await rowsOf(email)).toHaveLength(1);
  });

  test.each([
    ['email', { email: 'not an address' }],
    ['email', { email: `${'a'.repeat(250)}@example.org` }],
    ['name', { name: '   ' }],
    ['name', { name: 'n'.repeat(101) }],
    ['name', { name: 'a\0b' }],
    ['password', { password: 'short' }],
    ['password', { password: 'p'.repeat(201) }],
  ])('refuses a wrong %s and writes nothing', async (name, parts) => {
    const input = { email: newEmail(), name: 'Alice', password, ...parts };
    await expect(signUp(room.store, input)).rejects.toMatchObject({
      extensions: { code: 'BAD_USER_INPUT', argument: ['input', name] },
    });
    expect(await rowsOf(input.email)).toEqual([]);
  });
});

describe('login', () => {
  test('gives the user and the scopes, whatever the case of the address', async () => {
    const email = newEmail();
    const id = newId('u');
    await importUsers(room.store, [{ id, email, name: 'Alice', password, scopes: ['analytics'] }]);
    expect(await login(room.store, { email: email.toUpperCase(), password })).toEqual({
      userId: id,
      scopes: ['analytics'],
    });
  });

  test('one error for an unknown address, a wrong password and a user without one', async () => {
    const [known, withoutPassword] = [newEmail(), newEmail()];
    await signUp(room.store, { email: known, name: 'Alice', password });
    await importUsers(room.store, [{ id: newId('u'), email: withoutPassword, name: 'Bob' }]);
    const errors = await Promise.all(
      [known, withoutPassword, newEmail()].map((email) =>
        login(room.store, { email, password: 'something else' }).catch((error) => error),
      ),
    );
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(Array(3).fill('UNAUTHENTICATED'));
    expect(new Set(errors.map(({ message }) => message)).size).toBe(1);
  });

  test('an unknown address takes as long as a wrong password', async () => {
    const email = newEmail();
    await signUp(room.store, { email, name: 'Alice', password });
    const medianMs = async (address: string) => {
      const times: number[] = [];
      for (let turn = 0; turn < 7; turn++) {
        const startedAt = performance.now();
        await login(room.store, { email: address, password: 'something else' }).catch(() => {});
        times.push(performance.now() - startedAt);
      }
      return times.sort((a, b) => a - b)[3] as number;
    };
    const unknown = newEmail();
    // The first takes longer: it makes the decoy.
    await medianMs(unknown);
    expect(await medianMs(unknown)).toBeGreaterThan((await medianMs(email)) / 2);
  });
});

describe('importUsers', () => {
  test('again, or twice at once, changes nothing', async () => {
    const users = Array.from({ length: 30 }, () => newId('u')).map((id) => ({
      id,
      email: `${id}@example.org`,
      name: id,
      createdAt: new Date('2026-01-02T03:04:05Z'),
    }));
    await Promise.all([importUsers(room.store, users), importUsers(room.store, users.toReversed())]);
    await importUsers(
      room.store,
      users.map((user) => ({ ...user, name: 'Somebody else' })),
    );
    const events = await room.events(...users.map(({ id }) => id));
    expect(events.map(({ subject }) => subject).sort()).toEqual(users.map(({ id }) => id).sort());
    expect(events[0]).toMatchObject({ actor: null, data: { createdAt: '2026-01-02T03:04:05.000Z' } });
    const [row] = await rowsOf(users[0]?.email as string);
    expect(row).toMatchObject({ name: users[0]?.id, event_id: events.find(({ subject }) => subject === row?.id)?.id });
  });

  test("refuses another user's address, and then writes none", async () => {
    const [first, second, third] = [newId('u'), newId('u'), newId('u')];
    const email = newEmail();
    await importUsers(room.store, [{ id: first, email, name: 'First' }]);
    const refused = importUsers(room.store, [
      { id: third, email: newEmail(), name: 'Third' },
      { id: second, email, name: 'Second' },
    ]);
    await expect(refused).rejects.toMatchObject({
      extensions: { code: 'BAD_USER_INPUT', argument: ['users', '1', 'email'] },
    });
    expect(await room.events(second, third)).toEqual([]);
  });
});

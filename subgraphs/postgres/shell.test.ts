import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type StoreCall, secret } from '../../gateway/seam.ts';
import { endedCalls } from '../../gateway/testing.ts';
import { hashPassword } from './commands/password.ts';
import {
  changeBlock,
  changeFollow,
  changeLike,
  changeMovies,
  importUsers,
  login,
  recordWatch,
  signUp,
} from './commands.ts';
import { blockedByUser, eventsById, moviePages, moviesById, usersById } from './queries.ts';
import { inPsql } from './shell.ts';
import { movie, newId, openTestPostgres, type TestPostgres, watch } from './testing.ts';

let room: TestPostgres;
let psql: Client;
beforeAll(async () => {
  room = await openTestPostgres();
  psql = await connectTo(room);
});
afterAll(async () => {
  await psql.end();
  await room[Symbol.asyncDispose]();
});

/** Text with all that a shell could take for its own. */
const awkward = `O'Brien \\' \\n $1 :name %s "quoted" {a,b} NULL\nnext line; 映画`;

/** A connection that gets text alone, as psql sends it: the protocol's simple query. */
async function connectTo({ url }: TestPostgres): Promise<Client> {
  const client = new Client({ connectionString: url, options: '-c timezone=UTC' });
  await client.connect();
  return client;
}

const pasted = ({ statement, parameters }: StoreCall) => inPsql(statement, parameters);

test('what a query asks gives the same when it is pasted into psql', async () => {
  const [first, second] = [newId('m'), newId('m')];
  await changeMovies(room.store, [
    movie(first, { genres: [awkward], tags: ['slow', 'long'], licensedFrom: '2026-01-01' }),
    movie(second, { genres: [], imdbId: 'tt1375666' }),
  ]);
  const user = { id: newId('u'), email: `${randomUUID()}@example.org`, name: awkward, createdAt: new Date(0) };
  const blocked = { id: newId('u'), email: `${randomUUID()}@example.org`, name: 'Test' };
  await importUsers(room.store, [user, blocked]);
  await changeBlock(room.store, { blockerId: user.id, userId: blocked.id, blocks: true });
  const [event] = await room.events(first);
  const page = { genre: null, tag: null, yearFrom: null, yearTo: null, after: null };

  const calls = await endedCalls(async () => {
    await moviesById(room.store, [first, second, awkward, 'null', '']);
    await usersById(room.store, [user.id]);
    await blockedByUser(room.store, [{ userId: user.id, first: 10 }]);
    await eventsById(room.store, [event?.id as string, 'no uuid']);
    await moviePages(room.store, [
      { ...page, first: 2 },
      { ...page, first: 1, genre: awkward, yearFrom: 1900, yearTo: 2100 },
      { ...page, first: 5, tag: 'slow', after: { releaseYear: 2010, id: '' } },
    ]);
    await login(room.store, { email: user.email, password: 'wrong' }).catch(() => {});
  });
  expect(calls).toHaveLength(6);
  for (const call of calls) {
    expect(call.result).not.toEqual([]);
    const { rows } = await psql.query(pasted(call));
    expect(sorted(rows)).toEqual(sorted(call.result as object[]));
    expect(call.statement).not.toContain(first);
  }
});

test('what a transaction writes is written by what is pasted into psql', async () => {
  await using other = await openTestPostgres();
  await using shell = closing(await connectTo(other));
  const paste = (text: string) => shell.client.query(text);
  const [alice, bob] = [newId('u'), newId('u')];
  const users = [alice, bob].map((id) => ({ id, email: `${id}@example.org`, name: awkward }));
  const movieId = newId('m');

  const tag = awkward.split('\n')[0] as string;
  for (const { store } of [room, other]) await importUsers(store, users);

  const calls = await endedCalls(async () => {
    await changeMovies(room.store, [movie(movieId, { title: tag, tags: ['a', '"b"'] })]);
    await signUp(room.store, { email: `${randomUUID()}@example.org`, name: awkward, password: 'password-1' });
    await recordWatch(room.store, watch(alice, movieId, { positionSeconds: 5 }));
    await changeFollow(room.store, { followerId: alice, userId: bob, follows: true });
    await changeLike(room.store, { userId: alice, kind: 'TAG', targetId: tag, likes: true });
    await changeBlock(room.store, { blockerId: bob, userId: alice, blocks: true });
  });
  expect(calls).toHaveLength(6);
  for (const call of calls) {
    expect(call.statement).toMatch(/^BEGIN; -- \w+ [\w ]+\n.*;\nCOMMIT;$/s);
    // Nobody is told a password's hash: whoever pastes that has to bring their own.
    await paste(pasted(call).replace("'<secret>'", `'${await hashPassword('password-2')}'`));
  }
  const content = async (run: (text: string) => Promise<{ rows: object[] }>, table: string) =>
    (await run(`SELECT * FROM ${table}`)).rows;
  for (const table of ['movies', 'playback', 'user_watch', 'follow', 'user_like', 'block']) {
    const [expected, actual] = [await content((text) => psql.query(text), table), await content(paste, table)];
    expect(actual.length).toBeGreaterThan(0);
    for (const row of actual) expect(expected).toContainEqual(row);
  }
});

const closing = (client: Client) => ({ client, [Symbol.asyncDispose]: () => client.end() });

test('a transaction is told statement by statement, with its values counted through and its rows', async () => {
  const [alice, bob] = [newId('u'), newId('u')];
  await importUsers(
    room.store,
    [alice, bob].map((id) => ({ id, email: `${id}@example.org`, name: 'Test' })),
  );
  const [call] = await endedCalls(() => changeFollow(room.store, { followerId: alice, userId: bob, follows: true }));
  const { statement, parameters, rowsOf } = call as StoreCall;
  expect(statement.match(/\$\d+/g)).toEqual(['$1', '$2', '$3', '$4', '$5', '$6']);
  expect(parameters).toHaveLength(6);
  expect([(parameters as unknown[])[0], (parameters as unknown[])[1]]).toEqual([[alice], [bob]]);
  // Two users, no block, no edge; one edge and one event written.
  expect(rowsOf?.(undefined)).toBe(4);
});

test('a transaction that is refused ends with ROLLBACK', async () => {
  const calls = await endedCalls(() =>
    changeFollow(room.store, { followerId: 'nobody', userId: 'no-one', follows: true }).catch(() => {}),
  );
  expect(calls.map(({ statement }) => statement)).toEqual([
    'BEGIN; -- change edges\nSELECT id FROM users WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE;\nROLLBACK;',
  ]);
});

test('no observer gets a password or its hash', async () => {
  const [call] = (await endedCalls(() =>
    signUp(room.store, { email: `${randomUUID()}@example.org`, name: 'Test', password: 'password-1' }),
  )) as [StoreCall];
  expect((call.parameters as unknown[]).filter((value) => value === secret)).toHaveLength(1);
  expect(JSON.stringify(call.parameters)).not.toMatch(/argon2|password-1/);
  expect(pasted(call)).toContain("'<secret>'");
});

const sorted = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).sort();

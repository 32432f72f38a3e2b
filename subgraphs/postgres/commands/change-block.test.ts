import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseEvent } from '../../../schema/events/index.ts';
import { changeBlock, changeFollow, importUsers } from '../commands.ts';
import { eventsById } from '../queries.ts';
import { newId, openTestPostgres, type TestPostgres } from '../testing.ts';

let room: TestPostgres;
beforeAll(async () => {
  room = await openTestPostgres();
});
afterAll(() => room[Symbol.asyncDispose]());

async function newUsers(count: number): Promise<string[]> {
  const users = Array.from({ length: count }, () => newId('u')).map((id) => ({
    ...{ id, email: `${id}@example.org`, name: 'Test' },
  }));
  await importUsers(room.store, users);
  return users.map(({ id }) => id);
}
const twoUsers = () => newUsers(2) as Promise<[string, string]>;
const code = (name: string) => ({ extensions: { code: name, argument: ['input', 'userId'] } });
const changesOf = async (...keys: string[]) =>
  (await room.events(...keys)).filter(({ type }) => type !== 'user.signed_up');
const followsBegun = async (...keys: string[]) =>
  (await changesOf(...keys)).filter(({ type, version }) => type === 'follow.changed' && version === 1);
const follow = (followerId: string, userId: string) => changeFollow(room.store, { followerId, userId, follows: true });
const block = (blockerId: string, userId: string, blocks = true) =>
  changeBlock(room.store, { blockerId, userId, blocks });

test('writes the edge and its event, and ends the follows between the two', async () => {
  const [blockerId, userId] = await twoUsers();
  await follow(blockerId, userId);
  await follow(userId, blockerId);
  const state = await block(blockerId, userId);
  expect(state).toEqual({ blockerId, blockedId: userId, blocks: true, eventId: expect.any(String) });

  const events = (await changesOf(blockerId, userId)).map((event) => parseEvent(JSON.stringify(event)));
  expect(events.find(({ id }) => id === state.eventId)).toMatchObject({
    ...{ type: 'block.changed', subject: `${blockerId}/${userId}`, version: 1, actor: blockerId },
    data: { blockerId, blockedId: userId, blocks: true },
  });
  const ended = events.filter(({ type, version }) => type === 'follow.changed' && version === 2);
  expect(ended.map(({ subject }) => subject).sort()).toEqual(
    [`${blockerId}/${userId}`, `${userId}/${blockerId}`].sort(),
  );
  for (const { data } of ended) expect(data).toMatchObject({ follows: false });
  // Each under its follower, whose follows must stay in order.
  expect((await changesOf(userId)).map(({ type, version }) => `${type} ${version}`)).toEqual([
    'follow.changed 1',
    'follow.changed 2',
  ]);
});

test('a follow that it ends stays the follower’s, who can wait for the event; its data tells who ended it', async () => {
  const [blockerId, userId] = await twoUsers();
  const { eventId: begun } = await follow(userId, blockerId);
  await follow(blockerId, userId);
  await block(blockerId, userId);
  const { eventId } = await changeFollow(room.store, { followerId: userId, userId: blockerId, follows: false });
  expect(eventId).not.toBe(begun);
  const rows = await eventsById(room.store, [eventId as string]);
  expect(rows).toMatchObject([{ id: eventId, type: 'follow.changed', actorId: userId }]);

  const ended = (await changesOf(blockerId, userId))
    .map((event) => parseEvent(JSON.stringify(event)))
    .filter((event) => event.type === 'follow.changed')
    .filter(({ data }) => !data.follows);
  const [of, own] = ended.toSorted((one) => (one.actor === userId ? -1 : 1));
  expect(of).toMatchObject({ id: eventId, actor: userId, data: { followerId: userId, endedBy: blockerId } });
  // The blocker's own is their doing as any unfollow is.
  expect(own).toMatchObject({ actor: blockerId, data: { followerId: blockerId } });
  for (const { data } of [own as (typeof ended)[0], ...(await followsBegun(blockerId, userId))]) {
    expect(data).not.toHaveProperty('endedBy');
  }
});

test('again writes nothing; taken back, it leaves the follows ended', async () => {
  const [blockerId, userId] = await twoUsers();
  await follow(userId, blockerId);
  const first = await block(blockerId, userId);
  expect(await block(blockerId, userId)).toEqual(first);
  const ended = await block(blockerId, userId, false);
  expect(ended).toMatchObject({ blocks: false, eventId: expect.any(String) });
  expect(await block(blockerId, userId, false)).toEqual(ended);
  expect(await changesOf(blockerId, userId)).toHaveLength(4);
  expect(await follow(userId, blockerId)).toMatchObject({ follows: true });
});

test('taking back what never was writes nothing', async () => {
  const [blockerId, userId] = await twoUsers();
  expect(await block(blockerId, userId, false)).toEqual({ blockerId, blockedId: userId, blocks: false, eventId: null });
  expect(await changesOf(blockerId, userId)).toEqual([]);
});

test('while it lasts, neither can follow the other', async () => {
  const [blockerId, userId] = await twoUsers();
  await block(blockerId, userId);
  await expect(follow(userId, blockerId)).rejects.toMatchObject(code('FORBIDDEN'));
  await expect(follow(blockerId, userId)).rejects.toMatchObject(code('FORBIDDEN'));
  expect(await changesOf(blockerId, userId)).toHaveLength(1);
});

test('follows and blocks at the same time never leave both', async () => {
  for (const [blockerId, userId] of await Promise.all(Array.from({ length: 10 }, twoUsers))) {
    await Promise.allSettled([follow(userId, blockerId), block(blockerId, userId), follow(blockerId, userId)]);
    const rows = await room.store.db.$queryRaw<{ follows: boolean }[]>`
      SELECT follows FROM follow WHERE follower_id = ANY(${[blockerId, userId]})`;
    expect(rows.filter(({ follows }) => follows)).toEqual([]);
  }
});

test('nobody blocks themselves, somebody unknown, or more than a thousand', async () => {
  const [blockerId, ...others] = (await newUsers(1_002)) as [string, ...string[]];
  await expect(block(blockerId, blockerId)).rejects.toMatchObject(code('BAD_USER_INPUT'));
  await expect(block(blockerId, newId('u'))).rejects.toMatchObject(code('NOT_FOUND'));
  await room.store.db.$executeRaw`
    INSERT INTO block (blocker_id, blocked_id, blocks, version, changed_at, event_id)
    SELECT ${blockerId}, other, true, 1, now(), gen_random_uuid() FROM unnest(${others.slice(0, 1_000)}::text[]) AS other`;
  await expect(block(blockerId, others[1_000] as string)).rejects.toMatchObject(code('BAD_USER_INPUT'));
  // Whom one blocks already, one may block again, or no longer.
  expect(await block(blockerId, others[0] as string)).toMatchObject({ blocks: true });
  expect(await block(blockerId, others[0] as string, false)).toMatchObject({ blocks: false });
  expect(await block(blockerId, others[1_000] as string)).toMatchObject({ blocks: true });
});

test('two who block each other wait for one another, and in no circle', async () => {
  for (const [one, other] of await Promise.all(Array.from({ length: 10 }, twoUsers))) {
    const states = await Promise.all([block(one, other), block(other, one)]);
    expect(states.map(({ blocks }) => blocks)).toEqual([true, true]);
  }
});

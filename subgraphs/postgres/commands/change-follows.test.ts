import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventTypes, parseEvent, type StreamEventOf } from '../../../schema/events/index.ts';
import { changeBlock, changeFollow, changeFollows, importUsers } from '../commands.ts';
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

type FollowEvent = StreamEventOf<'follow.changed'>;
const followEvents = async (...followerIds: string[]) =>
  (await room.events(...followerIds)).filter((event): event is FollowEvent => event.type === 'follow.changed');

const edgesOf = (followerId: string) =>
  room.store.db.$queryRaw<object[]>`
    SELECT followee_id AS "followeeId", follows, version, changed_at AS "changedAt", event_id AS "eventId"
    FROM follow WHERE follower_id = ${followerId} ORDER BY followee_id`;

describe('one follow', () => {
  test('writes the edge and one event under the follower as key', async () => {
    const [followerId, userId] = await twoUsers();
    const before = Date.now();
    const state = await changeFollow(room.store, { followerId, userId, follows: true });
    expect(state).toEqual({ followerId, followeeId: userId, follows: true, eventId: expect.any(String) });

    const [event, ...others] = await followEvents(followerId);
    expect(others).toEqual([]);
    expect(parseEvent(JSON.stringify(event))).toMatchObject({
      ...{ id: state.eventId, source: '/streamshop/postgres', type: 'follow.changed', actor: followerId, version: 1 },
      subject: `${followerId}/${userId}`,
      data: { followerId, followeeId: userId, follows: true },
    });
    const changedAt = new Date(event?.data.changedAt as string);
    expect(changedAt.getTime()).toBeGreaterThanOrEqual(before);
    expect(await edgesOf(followerId)).toEqual([
      { followeeId: userId, follows: true, version: 1, changedAt, eventId: state.eventId },
    ]);
    const rows = await room.store.db
      .$queryRaw`SELECT aggregatetype, actor_id FROM outbox WHERE id = ${event?.id}::uuid`;
    expect(rows).toEqual([{ aggregatetype: eventTypes['follow.changed'].topic, actor_id: followerId }]);
  });

  test('again writes nothing and gives the event that made it so', async () => {
    const [followerId, userId] = await twoUsers();
    const first = await changeFollow(room.store, { followerId, userId, follows: true });
    expect(await changeFollow(room.store, { followerId, userId, follows: true })).toEqual(first);
    const ended = await changeFollow(room.store, { followerId, userId, follows: false });
    expect(await changeFollow(room.store, { followerId, userId, follows: false })).toEqual(ended);
    const back = await changeFollow(room.store, { followerId, userId, follows: true });

    const events = await followEvents(followerId);
    expect(events.map(({ id, version, data }) => [id, version, data.follows])).toEqual([
      [first.eventId, 1, true],
      [ended.eventId, 2, false],
      [back.eventId, 3, true],
    ]);
    expect(await edgesOf(followerId)).toMatchObject([{ follows: true, version: 3, eventId: back.eventId }]);
  });

  test('ending what never was writes nothing, and there is no event to give', async () => {
    const [followerId, userId] = await twoUsers();
    const state = await changeFollow(room.store, { followerId, userId, follows: false });
    expect(state).toMatchObject({ follows: false, eventId: null });
    expect(await followEvents(followerId)).toEqual([]);
    expect(await edgesOf(followerId)).toEqual([]);
  });

  test('100 calls at once are one after the other: no version twice, the last event says what is', async () => {
    const [followerId, userId] = await twoUsers();
    const calls = Array.from({ length: 100 }, (_, n) => n % 2 === 0);
    const states = await Promise.all(calls.map((follows) => changeFollow(room.store, { followerId, userId, follows })));
    expect(states.map(({ follows }) => follows)).toEqual(calls);

    const events = await followEvents(followerId);
    expect(events.length).toBeGreaterThan(2);
    expect(events.map(({ version }) => version)).toEqual(events.map((_, index) => index + 1));
    // Only what changes has an event, so they take turns.
    expect(events.map(({ data }) => data.follows)).toEqual(events.map((_, index) => index % 2 === 0));
    const times = events.map(({ data }) => data.changedAt);
    expect(times).toEqual(times.toSorted());
    const last = events.at(-1) as FollowEvent;
    expect(await edgesOf(followerId)).toEqual([
      {
        ...{ followeeId: userId, follows: last.data.follows, version: events.length, eventId: last.id },
        changedAt: new Date(last.data.changedAt),
      },
    ]);
    for (const { follows, eventId } of states) {
      if (eventId) expect(events.find(({ id }) => id === eventId)?.data.follows).toBe(follows);
      else expect(follows).toBe(false);
    }
  });

  test.each([
    ['oneself', (me: string) => me, 'BAD_USER_INPUT'],
    ['nobody', () => 'no-such-user', 'NOT_FOUND'],
    ['what is no id', () => 'a b', 'BAD_USER_INPUT'],
  ] as const)('refuses %s and writes nothing, also when it is to end', async (_, target, code) => {
    const [followerId] = await twoUsers();
    for (const follows of [true, false]) {
      const call = changeFollow(room.store, { followerId, userId: target(followerId), follows });
      await expect(call).rejects.toMatchObject({ extensions: { code, argument: ['input', 'userId'] } });
    }
    expect(await followEvents(followerId)).toEqual([]);
    expect(await edgesOf(followerId)).toEqual([]);
  });
});

describe('a batch', () => {
  const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 20, minute));

  test('of many actors and one edge several times keeps the order', async () => {
    const [a, b, c] = (await newUsers(3)) as [string, string, string];
    const states = await changeFollows(room.store, [
      { followerId: a, followeeId: b, follows: true, changedAt: at(0) },
      { followerId: b, followeeId: a, follows: true, changedAt: at(1) },
      { followerId: a, followeeId: b, follows: false, changedAt: at(2) },
      { followerId: a, followeeId: c, follows: true, changedAt: at(3) },
      { followerId: a, followeeId: b, follows: true, changedAt: at(4) },
    ]);
    expect(states.map(({ follows }) => follows)).toEqual([true, true, false, true, true]);
    const events = await followEvents(a, b);
    expect(events.map(({ id }) => id)).toEqual(states.map(({ eventId }) => eventId));
    expect(events.map(({ version }) => version)).toEqual([1, 1, 2, 1, 3]);
    expect(events.map(({ data }) => data.changedAt)).toEqual([0, 1, 2, 3, 4].map((minute) => at(minute).toISOString()));
    const expected = [
      { followeeId: b, follows: true, version: 3, changedAt: at(4), eventId: states[4]?.eventId },
      { followeeId: c, follows: true, version: 1, changedAt: at(3), eventId: states[3]?.eventId },
    ];
    expect(await edgesOf(a)).toEqual(expected.toSorted((one, other) => (one.followeeId < other.followeeId ? -1 : 1)));
  });

  test('repeated, writes nothing and takes back nothing that somebody has decided since', async () => {
    const [followerId, kept, ended] = (await newUsers(3)) as [string, string, string];
    const load = () =>
      changeFollows(
        room.store,
        [kept, ended].map((followeeId) => ({ followerId, followeeId, follows: true, changedAt: at(0) })),
      );
    const [first] = await load();
    const unfollowed = await changeFollow(room.store, { followerId, userId: ended, follows: false });
    expect(await load()).toEqual([first, unfollowed]);
    expect(await followEvents(followerId)).toHaveLength(3);
  });

  test('repeated after a block leaves alone what the block has ended, and refuses what would begin', async () => {
    const [followerId, blocked, other] = (await newUsers(3)) as [string, string, string];
    const edge = { followerId, follows: true, changedAt: at(0) };
    const load = (...followees: string[]) =>
      changeFollows(
        room.store,
        followees.map((followeeId) => ({ ...edge, followeeId })),
      );
    await load(blocked);
    await changeBlock(room.store, { blockerId: followerId, userId: blocked, blocks: true });
    expect(await load(blocked, other)).toMatchObject([{ follows: false }, { follows: true }]);
    expect(await followEvents(followerId)).toHaveLength(3);
    await expect(changeFollows(room.store, [{ ...edge, followeeId: blocked, changedAt: null }])).rejects.toMatchObject({
      extensions: { code: 'FORBIDDEN', argument: ['follows', '0', 'followeeId'] },
    });
  });

  test('of thousands goes in several transactions; batches at once do not deadlock', async () => {
    const users = await newUsers(40);
    const pairs = users.flatMap((followerId) =>
      users.flatMap((followeeId) => (followeeId === followerId ? [] : [{ followerId, followeeId }])),
    );
    const changes = pairs.map((pair) => ({ ...pair, follows: true }));
    const orders = [changes, changes.toReversed(), changes.toSorted((a, b) => (a.followeeId < b.followeeId ? -1 : 1))];
    const answers = await Promise.all(orders.map((order) => changeFollows(room.store, order)));
    expect(answers.map((states) => states.length)).toEqual([1_560, 1_560, 1_560]);
    expect(answers.flat().every(({ follows }) => follows)).toBe(true);
    expect(new Set(answers.flat().map(({ eventId }) => eventId)).size).toBe(1_560);
    const events = await followEvents(...users);
    expect(events).toHaveLength(1_560);
    expect(events.every(({ version }) => version === 1)).toBe(true);
  });

  test.each([
    ['followerId', { followerId: 'no-such-user' }, 'NOT_FOUND'],
    ['followeeId', { followeeId: 'no-such-user' }, 'NOT_FOUND'],
    ['followeeId', { followeeId: 'a b' }, 'BAD_USER_INPUT'],
    ['changedAt', { changedAt: new Date('1989-12-31') }, 'BAD_USER_INPUT'],
    ['changedAt', { changedAt: new Date(Date.now() + 60_000) }, 'BAD_USER_INPUT'],
  ])('with one wrong %s writes nothing', async (name, parts, code) => {
    const [followerId, followeeId] = await twoUsers();
    const good = { followerId, followeeId, follows: true };
    await expect(changeFollows(room.store, [good, { ...good, ...parts }])).rejects.toMatchObject({
      extensions: { code, argument: ['follows', '1', name] },
    });
    expect(await edgesOf(followerId)).toEqual([]);
  });
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventTypes, parseEvent, type StreamEventOf } from '../../../schema/events/index.ts';
import { changeLike, changeLikes, changeMovies, importUsers, type LikeInput } from '../commands.ts';
import { movie, newId, openTestPostgres, type TestPostgres } from '../testing.ts';

let room: TestPostgres;
const movieId = newId('m');
beforeAll(async () => {
  room = await openTestPostgres();
  await changeMovies(room.store, [movie(movieId)]);
});
afterAll(() => room[Symbol.asyncDispose]());

async function newUser(): Promise<string> {
  const id = newId('u');
  await importUsers(room.store, [{ id, email: `${id}@example.org`, name: 'Test' }]);
  return id;
}

type LikeEvent = StreamEventOf<'like.changed'>;
const likeEvents = async (...userIds: string[]) =>
  (await room.events(...userIds)).filter((event): event is LikeEvent => event.type === 'like.changed');

const likesOf = (userId: string) =>
  room.store.db.$queryRaw<object[]>`
    SELECT kind, target_id AS "targetId", likes, version, event_id AS "eventId"
    FROM user_like WHERE user_id = ${userId} ORDER BY kind, target_id`;

test('a like of each kind: row and event; again, back, and back again', async () => {
  const userId = await newUser();
  const targets = [
    { kind: 'MOVIE', targetId: movieId },
    { kind: 'POST', targetId: 'a-post-that-only-mongodb-knows' },
    { kind: 'TAG', targetId: 'Größe / 大' },
  ] as const;
  const liked = await changeLikes(
    room.store,
    targets.map((target) => ({ ...target, userId, likes: true })),
  );
  for (const [index, target] of targets.entries()) {
    const state = { ...target, userId, likes: true, eventId: liked[index]?.eventId };
    expect(liked[index]).toEqual(state);
    expect(await changeLike(room.store, { ...target, userId, likes: true })).toEqual(state);
  }
  const events = await likeEvents(userId);
  expect(events.map((event) => parseEvent(JSON.stringify(event)))).toEqual(events);
  expect(events).toMatchObject(
    targets.map(({ kind, targetId }, index) => ({
      ...{ id: liked[index]?.eventId, subject: `${userId}/${kind}/${targetId}`, version: 1, actor: userId },
      data: { userId, kind, targetId, likes: true },
    })),
  );
  const rows = await room.store.db.$queryRaw`
    SELECT DISTINCT aggregatetype, aggregateid, actor_id FROM outbox WHERE type = 'like.changed' AND actor_id = ${userId}`;
  expect(rows).toEqual([{ aggregatetype: eventTypes['like.changed'].topic, aggregateid: userId, actor_id: userId }]);

  const unliked = await changeLike(room.store, { ...targets[2], userId, likes: false });
  const again = await changeLike(room.store, { ...targets[2], userId, likes: true });
  expect((await likeEvents(userId)).slice(3).map(({ id, version, data }) => [id, version, data.likes])).toEqual([
    [unliked.eventId, 2, false],
    [again.eventId, 3, true],
  ]);
  expect(await likesOf(userId)).toEqual(
    targets.map((target, index) => ({
      ...{ ...target, likes: true, version: index === 2 ? 3 : 1 },
      eventId: index === 2 ? again.eventId : liked[index]?.eventId,
    })),
  );
});

test('the kind tells apart what has the same id; a tag keeps its case but not the space around it', async () => {
  const userId = await newUser();
  await changeLikes(room.store, [
    { userId, kind: 'TAG', targetId: ` ${movieId} `, likes: true },
    { userId, kind: 'TAG', targetId: movieId, likes: true },
    { userId, kind: 'POST', targetId: movieId, likes: true },
    { userId, kind: 'TAG', targetId: movieId.toUpperCase(), likes: true },
  ]);
  expect(await likesOf(userId)).toMatchObject([
    { kind: 'POST', targetId: movieId },
    { kind: 'TAG', targetId: movieId.toUpperCase() },
    { kind: 'TAG', targetId: movieId },
  ]);
  expect(await likeEvents(userId)).toHaveLength(3);
});

test('taking back what never was writes nothing', async () => {
  const userId = await newUser();
  const target = { kind: 'TAG', targetId: 'heist' } as const;
  expect(await changeLike(room.store, { ...target, userId, likes: false })).toEqual({
    ...{ ...target, userId, likes: false, eventId: null },
  });
  expect(await likesOf(userId)).toEqual([]);
  expect(await likeEvents(userId)).toEqual([]);
});

test('100 calls at once are one after the other', async () => {
  const userId = await newUser();
  const target = { kind: 'MOVIE', targetId: movieId, userId } as const;
  await Promise.all(Array.from({ length: 100 }, (_, n) => changeLike(room.store, { ...target, likes: n % 3 !== 0 })));
  const events = await likeEvents(userId);
  expect(events.map(({ version, data }) => [version, data.likes])).toEqual(
    events.map((_, index) => [index + 1, index % 2 === 0]),
  );
  const last = events.at(-1);
  expect(await likesOf(userId)).toMatchObject([{ likes: last?.data.likes, version: events.length, eventId: last?.id }]);
});

test.each<[what: string, parts: Partial<LikeInput>, code: string, argument: string]>([
  ['an unknown movie', { kind: 'MOVIE', targetId: 'no-such-movie' }, 'NOT_FOUND', 'targetId'],
  ['what is no movie id', { kind: 'MOVIE', targetId: 'a b' }, 'BAD_USER_INPUT', 'targetId'],
  ['what is no post id', { kind: 'POST', targetId: 'x'.repeat(10_240) }, 'BAD_USER_INPUT', 'targetId'],
  ['an empty tag', { targetId: '  ' }, 'BAD_USER_INPUT', 'targetId'],
  ['a tag of 101 characters', { targetId: 'x'.repeat(101) }, 'BAD_USER_INPUT', 'targetId'],
  ['a tag that Postgres cannot store', { targetId: 'a\0' }, 'BAD_USER_INPUT', 'targetId'],
  ['the future', { changedAt: new Date(Date.now() + 60_000) }, 'BAD_USER_INPUT', 'changedAt'],
])('refuses %s and writes nothing', async (...[, parts, code, name]) => {
  const userId = await newUser();
  const good = { userId, kind: 'TAG', targetId: 'heist', likes: true } as const;
  await expect(changeLikes(room.store, [good, { ...good, ...parts }])).rejects.toMatchObject({
    extensions: { code, argument: ['likes', '1', name] },
  });
  expect(await likesOf(userId)).toEqual([]);
  expect(await likeEvents(userId)).toEqual([]);
});

test('an unknown user is named, where an argument names them', async () => {
  const like = { userId: 'no-such-user', kind: 'TAG', targetId: 'heist', likes: true } as const;
  await expect(changeLikes(room.store, [like])).rejects.toMatchObject({
    extensions: { code: 'NOT_FOUND', argument: ['likes', '0', 'userId'] },
  });
});

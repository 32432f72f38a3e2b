import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventTypes, parseEvent, type StreamEventOf } from '../../../schema/events/index.ts';
import { changeMovies, importUsers, type RecordWatch, recordWatch, recordWatches } from '../commands.ts';
import { movie, newId, openTestPostgres, type TestPostgres, watch } from '../testing.ts';

let room: TestPostgres;
const movies = Array.from({ length: 5 }, () => newId('m'));
const [movieId, otherMovieId] = movies as [string, string, ...string[]];

beforeAll(async () => {
  room = await openTestPostgres();
  await changeMovies(
    room.store,
    movies.map((id) => movie(id)),
  );
});
afterAll(() => room[Symbol.asyncDispose]());

async function newUser(): Promise<string> {
  const id = newId('u');
  await importUsers(room.store, [{ id, email: `${id}@example.org`, name: 'Test' }]);
  return id;
}

type WatchEvent = StreamEventOf<'watch.recorded'>;
const watchEvents = async (...userIds: string[]) =>
  (await room.events(...userIds)).filter((event): event is WatchEvent => event.type === 'watch.recorded');

const countWatches = async (userId: string) =>
  (await room.store.db.$queryRaw<unknown[]>`SELECT FROM user_watch WHERE user_id = ${userId}`).length;

const playbackOf = async (userId: string) =>
  await room.store.db.$queryRaw<object[]>`
    SELECT version, last_watched_at AS "lastWatchedAt", position_seconds AS "positionSeconds", completed
    FROM playback WHERE user_id = ${userId}`;

describe('what it writes', () => {
  test('the watch, the playback and one event in the outbox, for Debezium too', async () => {
    const userId = await newUser();
    const before = Date.now();
    const recorded = await recordWatch(
      room.store,
      watch(userId, movieId, { positionSeconds: 61, watchedAt: undefined }),
    );
    expect(recorded.watchedAt.getTime()).toBeGreaterThanOrEqual(before);
    expect(await playbackOf(userId)).toEqual([
      { version: 1, lastWatchedAt: recorded.watchedAt, positionSeconds: 61, completed: false },
    ]);

    const rows = await room.store.db.$queryRaw<Record<string, unknown>[]>`
      SELECT id, aggregatetype, aggregateid, type, actor_id, payload FROM outbox WHERE id = ${recorded.eventId}::uuid`;
    const { payload, ...columns } = rows[0] as Record<string, unknown>;
    expect(columns).toEqual({
      id: recorded.eventId,
      aggregatetype: eventTypes['watch.recorded'].topic,
      aggregateid: userId,
      type: 'watch.recorded',
      actor_id: userId,
    });
    expect(parseEvent(JSON.stringify(payload))).toMatchObject({
      id: recorded.eventId,
      subject: `${userId}/${movieId}`,
      version: 1,
      actor: userId,
      data: {
        ...{ userId, movieId, action: 'PLAY', positionSeconds: 61, device: 'TV', quality: 'HD' },
        watchedAt: recorded.watchedAt.toISOString(),
        playback: {
          lastWatchedAt: recorded.watchedAt.toISOString(),
          previousWatchedAt: null,
          positionSeconds: 61,
          completed: false,
        },
      },
    });
  });

  test('many watches of one playback in one batch: each event tells the state after it', async () => {
    const userId = await newUser();
    const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 20, minute));
    const steps: Partial<RecordWatch>[] = [
      { watchedAt: at(0), positionSeconds: 0 },
      { watchedAt: at(50), positionSeconds: 3_000, action: 'PAUSE' },
      { watchedAt: at(20), positionSeconds: 1_200, action: 'SEEK' },
      { watchedAt: at(100), positionSeconds: 5_990, action: 'STOP' },
    ];
    await recordWatches(
      room.store,
      steps.map((parts) => watch(userId, movieId, parts)),
    );
    const events = await watchEvents(userId);
    expect(events.map(({ version, data }) => ({ version, ...data.playback }))).toEqual([
      { version: 1, lastWatchedAt: iso(0), previousWatchedAt: null, positionSeconds: 0, completed: false },
      { version: 2, lastWatchedAt: iso(50), previousWatchedAt: iso(0), positionSeconds: 3_000, completed: false },
      { version: 3, lastWatchedAt: iso(50), previousWatchedAt: iso(50), positionSeconds: 3_000, completed: false },
      { version: 4, lastWatchedAt: iso(100), previousWatchedAt: iso(50), positionSeconds: 5_990, completed: true },
    ]);
    expect(await playbackOf(userId)).toEqual([
      { version: 4, lastWatchedAt: at(100), positionSeconds: 5_990, completed: true },
    ]);
    function iso(minute: number) {
      return at(minute).toISOString();
    }
  });

  test('thousands, in several transactions, stay in order', async () => {
    const users = await Promise.all(Array.from({ length: 20 }, newUser));
    const inputs = Array.from({ length: 3_000 }, (_, n) =>
      watch(users[n % 20] as string, movies[n % 5] as string, { watchedAt: new Date(1_767_000_000_000 + n * 1_000) }),
    );
    const recorded = await recordWatches(room.store, inputs);
    expect(recorded.map(({ idempotencyKey }) => idempotencyKey)).toEqual(inputs.map((input) => input.idempotencyKey));
    expect((await watchEvents(...users)).map(({ id }) => id)).toEqual(recorded.map(({ eventId }) => eventId));
  });
});

describe('idempotency', () => {
  test('a retry gives the first event and writes nothing, also where the time was left out', async () => {
    const userId = await newUser();
    const input = watch(userId, movieId, { watchedAt: undefined });
    const first = await recordWatch(room.store, input);
    expect(await recordWatch(room.store, input)).toEqual(first);
    expect(await countWatches(userId)).toBe(1);
    expect(await watchEvents(userId)).toHaveLength(1);
    expect(await playbackOf(userId)).toMatchObject([{ version: 1 }]);
  });

  test('calls that race record one watch', async () => {
    const userId = await newUser();
    const input = watch(userId, movieId);
    const recorded = await Promise.all(Array.from({ length: 8 }, () => recordWatch(room.store, input)));
    expect(new Set(recorded.map(({ eventId }) => eventId)).size).toBe(1);
    expect(await countWatches(userId)).toBe(1);
    expect(await watchEvents(userId)).toHaveLength(1);
  });

  test('a key repeated within a batch is one watch', async () => {
    const userId = await newUser();
    const input = watch(userId, movieId);
    const [first, second] = await recordWatches(room.store, [input, input]);
    expect(second).toEqual(first);
    expect(await watchEvents(userId)).toHaveLength(1);
  });

  test('the same key for another watch is refused, also when the two race', async () => {
    const userId = await newUser();
    const input = watch(userId, movieId);
    const outcomes = await Promise.allSettled([
      recordWatch(room.store, input),
      recordWatch(room.store, { ...input, movieId: otherMovieId }),
    ]);
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused.map(({ reason }) => reason.extensions)).toMatchObject([
      { code: 'BAD_USER_INPUT', argument: ['input', 'idempotencyKey'] },
    ]);
    expect(await countWatches(userId)).toBe(1);
  });

  test('two users may use the same key', async () => {
    const [userId, other] = await Promise.all([newUser(), newUser()]);
    const [mine, theirs] = await recordWatches(room.store, [
      watch(userId, movieId, { idempotencyKey: 'a' }),
      watch(other, movieId, { idempotencyKey: 'a' }),
    ]);
    expect(mine?.eventId).not.toBe(theirs?.eventId);
  });
});

test('batches at once, in any order of users, neither deadlock nor break the order of versions', async () => {
  const users = await Promise.all(Array.from({ length: 10 }, newUser));
  const batch = (turn: number) => {
    const order = turn % 2 ? users : users.toReversed();
    return Array.from({ length: 50 }, (_, n) =>
      watch(order[n % 10] as string, movies[(n + turn) % 5] as string, {
        watchedAt: new Date(1_767_000_000_000 + ((n * 37 + turn) % 50) * 1_000),
      }),
    );
  };
  await Promise.all(Array.from({ length: 8 }, (_, turn) => recordWatches(room.store, batch(turn))));

  const events = await watchEvents(...users);
  expect(events).toHaveLength(400);
  for (const [, ofPlayback] of Map.groupBy(events, ({ subject }) => subject)) {
    expect(ofPlayback.map(({ version }) => version)).toEqual(ofPlayback.map((_, index) => index + 1));
    const previous = ofPlayback.map(({ data }) => data.playback.previousWatchedAt);
    expect(previous).toEqual([null, ...ofPlayback.slice(0, -1).map(({ data }) => data.playback.lastWatchedAt)]);
  }
});

describe('wrong input writes nothing', () => {
  const cases: [what: string, parts: Partial<RecordWatch>, code: string, argument: string][] = [
    ['a negative duration', { durationSeconds: -1 }, 'BAD_USER_INPUT', 'durationSeconds'],
    ['a duration of days', { durationSeconds: 200_000 }, 'BAD_USER_INPUT', 'durationSeconds'],
    ['a negative position', { positionSeconds: -1 }, 'BAD_USER_INPUT', 'positionSeconds'],
    ['a position behind the end', { positionSeconds: 6_601 }, 'BAD_USER_INPUT', 'positionSeconds'],
    ['half a second', { positionSeconds: 0.5 }, 'BAD_USER_INPUT', 'positionSeconds'],
    ['the future', { watchedAt: new Date(Date.now() + 60_000) }, 'BAD_USER_INPUT', 'watchedAt'],
    ['the eighties', { watchedAt: new Date('1989-12-31') }, 'BAD_USER_INPUT', 'watchedAt'],
    ['no time', { watchedAt: new Date(Number.NaN) }, 'BAD_USER_INPUT', 'watchedAt'],
    ['an id of 10 kB', { movieId: 'm'.repeat(10_000) }, 'BAD_USER_INPUT', 'movieId'],
    ['an unknown movie', { movieId: 'no-such-movie' }, 'NOT_FOUND', 'movieId'],
    ['an unknown user', { userId: 'no-such-user' }, 'NOT_FOUND', 'userId'],
    ['an empty key', { idempotencyKey: '' }, 'BAD_USER_INPUT', 'idempotencyKey'],
    ['a key of 129 characters', { idempotencyKey: 'k'.repeat(129) }, 'BAD_USER_INPUT', 'idempotencyKey'],
    ['a key that Postgres cannot store', { idempotencyKey: 'a\0' }, 'BAD_USER_INPUT', 'idempotencyKey'],
  ];
  test.each(cases)('%s', async (...[, parts, code, name]) => {
    const userId = await newUser();
    const wrong = watch(userId, movieId, parts);
    await expect(recordWatch(room.store, wrong)).rejects.toMatchObject({
      extensions: { code, argument: ['input', name] },
    });
    await expect(recordWatches(room.store, [watch(userId, movieId), wrong])).rejects.toMatchObject({
      extensions: { code, argument: ['inputs', '1', name] },
    });
    expect(await countWatches(userId)).toBe(0);
    expect(await watchEvents(userId)).toEqual([]);
    expect(await playbackOf(userId)).toEqual([]);
  });
});

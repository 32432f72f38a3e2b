import { expect, test } from 'vitest';
import { changeBlock, changeFollows, changeLikes, changeMovies, importUsers, recordWatches } from './commands.ts';
import { movie, newId, openTestPostgres, watch } from './testing.ts';

async function all<Row>(chunks: AsyncIterable<readonly Row[]>): Promise<{ sizes: number[]; rows: Row[] }> {
  const [sizes, rows]: [number[], Row[]] = [[], []];
  for await (const chunk of chunks) {
    sizes.push(chunk.length);
    rows.push(...chunk);
  }
  return { sizes, rows };
}

test('gives every watch, playback and newest event of an aggregate, in chunks', async () => {
  await using room = await openTestPostgres();
  const [userId, movieId] = [newId('u'), newId('m')];
  await importUsers(room.store, [{ id: userId, email: `${userId}@example.org`, name: 'Alice' }]);
  await changeMovies(room.store, [movie(movieId)]);
  await changeMovies(room.store, [movie(movieId, { title: 'Changed' })]);
  const watchedAt = new Date('2026-01-01T20:00:00Z');
  const recorded = await recordWatches(
    room.store,
    Array.from({ length: 5_100 }, (_, n) => watch(userId, movieId, { watchedAt, positionSeconds: n })),
  );

  const watches = await all(room.source.watches());
  expect(watches.sizes).toEqual([5_000, 100]);
  expect(watches.rows).toEqual(
    recorded.map(({ eventId }) => ({ eventId, userId, movieId, action: 'PLAY', watchedAt })),
  );
  expect((await all(room.source.playbacks())).rows).toEqual([
    { userId, movieId, lastWatchedAt: watchedAt, positionSeconds: 5_099, completed: false },
  ]);
  const [signedUp] = await room.events(userId);
  const changed = (await room.events(movieId)).at(-1);
  expect((await all(room.source.aggregates())).rows).toEqual([
    { type: 'user.signed_up', id: userId, version: 1, eventId: signedUp?.id },
    { type: 'movie.changed', id: movieId, version: 2, eventId: changed?.id },
  ]);
});

test('gives every block, ended ones too, and their newest events', async () => {
  await using room = await openTestPostgres();
  const [blockerId, ...others] = ['a', 'b', 'c'].map(newId) as [string, string, string];
  const users = [blockerId, ...others].map((id) => ({ id, email: `${id}@example.org`, name: 'Test' }));
  await importUsers(room.store, users);
  const block = (userId: string, blocks: boolean) => changeBlock(room.store, { blockerId, userId, blocks });
  const [kept, ended] = [
    await block(others[0], true),
    await block(others[1], true).then(() => block(others[1], false)),
  ];
  const { rows } = await all(room.source.blocks());
  expect(rows).toEqual([
    { ...kept, version: 1, changedAt: expect.any(Date) },
    { ...ended, version: 2, changedAt: expect.any(Date) },
  ]);
  const aggregates = (await all(room.source.aggregates())).rows.filter(({ type }) => type === 'block.changed');
  expect(aggregates).toEqual(
    rows.map(({ blockedId, version, eventId }) => ({
      ...{ type: 'block.changed', id: `${blockerId}/${blockedId}`, version, eventId },
    })),
  );
});

test('gives every follow and like, ended ones too, in chunks, and their newest events', async () => {
  await using room = await openTestPostgres();
  const users = Array.from({ length: 73 }, () => newId('u')).toSorted();
  await importUsers(
    room.store,
    users.map((id) => ({ id, email: `${id}@example.org`, name: 'Test' })),
  );
  const changedAt = new Date('2026-01-01T20:00:00Z');
  const pairs = users.flatMap((followerId) =>
    users.filter((id) => id !== followerId).map((followeeId) => ({ followerId, followeeId, changedAt })),
  );
  const on = await changeFollows(
    room.store,
    pairs.map((pair) => ({ ...pair, follows: true })),
  );
  const [off] = await changeFollows(room.store, [{ ...(pairs[0] as (typeof pairs)[0]), follows: false }]);
  const states = [off, ...on.slice(1)];
  const follows = await all(room.source.follows());
  expect(follows.sizes).toEqual([5_000, pairs.length - 5_000]);
  expect(follows.rows).toEqual(
    pairs.map((pair, index) => ({
      ...{ ...pair, follows: index > 0, version: index > 0 ? 1 : 2, eventId: states[index]?.eventId },
    })),
  );

  const [userId = ''] = users;
  const targets = [
    { kind: 'POST', targetId: 'p1' },
    { kind: 'TAG', targetId: 'a' },
    { kind: 'TAG', targetId: 'b' },
  ] as const;
  const liked = await changeLikes(
    room.store,
    targets.map((target) => ({ ...target, userId, likes: true, changedAt })),
  );
  expect((await all(room.source.likes())).rows).toEqual(liked.map((like) => ({ ...like, version: 1, changedAt })));

  const { rows } = await all(room.source.aggregates());
  expect(rows.filter(({ type }) => type === 'follow.changed')).toEqual(
    follows.rows.map(({ followerId, followeeId, version, eventId }) => ({
      ...{ type: 'follow.changed', id: `${followerId}/${followeeId}`, version, eventId },
    })),
  );
  expect(rows.filter(({ type }) => type === 'like.changed')).toEqual(
    liked.map(({ kind, targetId, eventId }) => ({
      ...{ type: 'like.changed', id: `${userId}/${kind}/${targetId}`, version: 1, eventId },
    })),
  );
});

import { expect, test } from 'vitest';
import { readSettings } from '../../config.ts';
import { sessionKeyOf } from '../../gateway/sessions.ts';
import { callsDuring } from '../../gateway/testing.ts';
import { redisSessions } from './sessions.ts';
import { redisSink } from './sink.ts';
import { openRedis } from './store.ts';
import { openCorner } from './testing.ts';

const viewer = { userId: 'u-session', scopes: ['analytics'] };

test('a session is found by its token, slides with each use, and ends', async () => {
  const store = openRedis(readSettings().redis);
  const sessions = redisSessions(store);
  const token = await sessions.create(viewer);
  expect(token).toMatch(/^[\w-]{43}$/);
  const key = `session:${sessionKeyOf(token)}`;

  await store.call('test', (redis) => redis.expire(key, 100));
  expect(await sessions.find(sessionKeyOf(token))).toEqual(viewer);
  expect(await store.call('test', (redis) => redis.ttl(key))).toBeGreaterThan(3_590);

  await sessions.end(sessionKeyOf(token));
  expect(await sessions.find(sessionKeyOf(token))).toBeNull();
  await store.close();
});

test('Redis holds no token: neither in a key nor in a value', async () => {
  const store = openRedis(readSettings().redis);
  const sessions = redisSessions(store);
  const token = await sessions.create(viewer);
  expect(await store.call('test', (redis) => redis.exists(`session:${token}`))).toBe(0);
  const key = `session:${sessionKeyOf(token)}`;
  expect(await store.call('test', (redis) => redis.get(key))).toBe(JSON.stringify(viewer));
  // Whoever reads a key in Redis has no token by it.
  expect(await sessions.find(sessionKeyOf(key.slice('session:'.length)))).toBeNull();
  await sessions.end(sessionKeyOf(token));
  await store.close();
});

test('a session tells whom its user blocks now, in the same round trip, and keeps nothing of it', async () => {
  await using corner = openCorner();
  const sessions = redisSessions(corner.store);
  const sink = redisSink(corner.store);
  const own = { userId: corner.user(), scopes: ['analytics'] };
  const token = await sessions.create({ ...own, blocks: ['u-of-then'] });
  const key = sessionKeyOf(token);
  expect(await sessions.find(key)).toEqual(own);

  await sink.apply(
    corner.batch(0, [
      corner.block(own.userId, 'u2', { blocks: true, version: 1 }),
      corner.block(own.userId, 'u1', { blocks: true, version: 3 }),
      corner.block(corner.user(), own.userId, { blocks: true, version: 1 }),
    ]),
  );
  let found: Awaited<ReturnType<typeof sessions.find>> = null;
  const calls = await callsDuring(async () => {
    found = await sessions.find(key);
  });
  expect(found).toEqual({ ...own, blocks: ['u2', 'u1'] });
  expect(calls).toHaveLength(1);

  const end = corner.block(own.userId, 'u2', { blocks: false, version: 2 });
  await sink.apply(corner.batch(3, [end]));
  expect(await sessions.find(key)).toEqual({ ...own, blocks: ['u1'] });
  await sessions.end(key);
  expect(await sessions.find(key)).toBeNull();
});

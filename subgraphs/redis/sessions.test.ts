import { expect, test } from 'vitest';
import { readSettings } from '../../config.ts';
import { sessionKeyOf } from '../../gateway/sessions.ts';
import { redisSessions } from './sessions.ts';
import { openRedis } from './store.ts';

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

import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { readSettings } from '../../config.ts';
import { redisSessions } from './sessions.ts';
import { openRedis } from './store.ts';

const viewer = { userId: 'u-session', scopes: ['analytics'] };

test('a session is found by its token, slides with each use, and ends', async () => {
  const store = openRedis(readSettings().redis);
  const sessions = redisSessions(store);
  const token = await sessions.create(viewer);
  expect(token).toMatch(/^[\w-]{43}$/);
  const key = `session:${createHash('sha256').update(token).digest('hex')}`;

  await store.call('test', (redis) => redis.expire(key, 100));
  expect(await sessions.find(token)).toEqual(viewer);
  expect(await store.call('test', (redis) => redis.ttl(key))).toBeGreaterThan(3_590);

  await sessions.end(token);
  expect(await sessions.find(token)).toBeNull();
  await store.close();
});

test('Redis holds no token: neither in a key nor in a value', async () => {
  const store = openRedis(readSettings().redis);
  const sessions = redisSessions(store);
  const token = await sessions.create(viewer);
  expect(await store.call('test', (redis) => redis.exists(`session:${token}`))).toBe(0);
  const key = `session:${createHash('sha256').update(token).digest('hex')}`;
  expect(await store.call('test', (redis) => redis.get(key))).toBe(JSON.stringify(viewer));
  expect(await sessions.find(key.slice('session:'.length))).toBeNull();
  await sessions.end(token);
  await store.close();
});

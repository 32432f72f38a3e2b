import { expect, test } from 'vitest';
import { readSettings } from '../../config.ts';
import { openProxy } from '../../test/proxy.ts';
import { movieCounters } from './queries.ts';
import { openRedis } from './store.ts';

const settings = readSettings().redis;
const { hostname, port } = new URL(settings.url);
const server = { host: hostname, port: Number(port) };
const unavailable = { extensions: { code: 'STORE_UNAVAILABLE', store: 'redis', retryable: true } };

test('the first command waits for the connection that is being made', async () => {
  const store = openRedis(settings);
  await store.ping();
  await store.close();
});

test('a dead Redis is STORE_UNAVAILABLE at once, and works again soon after its return', async () => {
  await using proxy = await openProxy(server);
  const store = openRedis({ ...settings, url: `redis://${proxy.address}` });
  await store.ping();
  await proxy.cut();
  const start = performance.now();
  await expect(movieCounters(store, ['m101'])).rejects.toMatchObject(unavailable);
  await expect(store.ping()).rejects.toMatchObject(unavailable);
  expect(performance.now() - start).toBeLessThan(1_000);

  await proxy.mend();
  await expect.poll(() => store.ping().then(() => 'up'), { interval: 20 }).toBe('up');
  await store.close();
});

test('opened while Redis is dead, it finds it later', async () => {
  await using proxy = await openProxy(server);
  await proxy.cut();
  const store = openRedis({ ...settings, url: `redis://${proxy.address}` });
  await expect(store.ping()).rejects.toMatchObject(unavailable);
  await proxy.mend();
  await expect.poll(() => store.ping().then(() => 'up'), { interval: 20 }).toBe('up');
  await store.close();
});

test('a Redis that hangs is STORE_TIMEOUT, and works again when it goes on', async () => {
  await using proxy = await openProxy(server);
  const store = openRedis({ url: `redis://${proxy.address}`, timeoutMs: 200 });
  await store.ping();
  proxy.freeze();
  await expect(store.ping()).rejects.toMatchObject({ extensions: { code: 'STORE_TIMEOUT' } });
  await proxy.mend();
  await expect.poll(() => store.ping().then(() => 'up'), { interval: 20 }).toBe('up');
  await store.close();
});

test('a command that Redis refuses is STORE_ERROR', async () => {
  const store = openRedis(settings);
  const refused = store.call('ZADD', (redis) => redis.call('ZADD', 'test:nothing', 'NaN', 'x'));
  await expect(refused).rejects.toMatchObject({ extensions: { code: 'STORE_ERROR' } });
  await store.close();
});

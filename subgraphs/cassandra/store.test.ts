import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { readSettings } from '../../config.ts';
import { patiently } from '../../gateway/guard.ts';
import { openProxy } from '../../test/proxy.ts';
import { watchHistory } from './queries.ts';
import { openCassandra } from './store.ts';

const settings = readSettings().cassandra;
const [host = '', port = ''] = settings.contactPoint.split(':');
const server = { host, port: Number(port) };
const unavailable = { extensions: { code: 'STORE_UNAVAILABLE', store: 'cassandra', retryable: true } };
const soon = { timeout: 10_000, interval: 50 };

test('migrating again changes nothing, also twice at a time', async () => {
  const store = openCassandra(settings);
  await Promise.all([store.migrate(), store.migrate()]);
  await store.migrate();
  await store.ping();
  await store.close();
});

test('a dead Cassandra is STORE_UNAVAILABLE at once, and works again soon after its return', async () => {
  await using proxy = await openProxy(server);
  const store = openCassandra({ ...settings, contactPoint: proxy.address });
  await store.migrate();
  await proxy.cut();
  const start = performance.now();
  await expect(watchHistory(store, [{ userId: 'u1', first: 1, after: null }])).rejects.toMatchObject(unavailable);
  await expect(store.ping()).rejects.toMatchObject(unavailable);
  expect(performance.now() - start).toBeLessThan(1_000);

  await proxy.mend();
  await expect.poll(() => store.ping().then(() => 'up'), soon).toBe('up');
  await store.close();
});

test('opened while Cassandra is dead, it finds it later', async () => {
  await using proxy = await openProxy(server);
  await proxy.cut();
  const store = openCassandra({ ...settings, contactPoint: proxy.address });
  await expect(store.ping()).rejects.toMatchObject(unavailable);
  await expect(store.ping()).rejects.toMatchObject(unavailable);
  await proxy.mend();
  await expect.poll(() => store.ping().then(() => 'up'), soon).toBe('up');
  await store.close();
});

test('a Cassandra that hangs is STORE_TIMEOUT, and works again when it goes on', async () => {
  await using proxy = await openProxy(server);
  const store = openCassandra({ ...settings, contactPoint: proxy.address, timeoutMs: 1_000 });
  await store.ping();
  proxy.freeze();
  await expect(store.ping()).rejects.toMatchObject({ extensions: { code: 'STORE_TIMEOUT' } });
  await proxy.mend();
  await expect.poll(() => store.ping().then(() => 'up'), soon).toBe('up');
  await store.close();
});

test('work that may take longer than a page is not ended by the driver', async () => {
  await using proxy = await openProxy(server);
  const store = openCassandra({ ...settings, contactPoint: proxy.address, timeoutMs: 1_000 });
  await patiently(() => store.ping());
  proxy.freeze();
  const slow = patiently(() => store.ping());
  // Longer than the driver waits for a page's statement.
  await Promise.all([slow, delay(3_000).then(proxy.mend)]);
  await store.close();
});

test('closes at once, connected or not', async () => {
  await using proxy = await openProxy(server);
  await proxy.cut();
  const [never, dead] = [openCassandra(settings), openCassandra({ ...settings, contactPoint: proxy.address })];
  await dead.ping().catch(() => {});
  const start = performance.now();
  await Promise.all([never.close(), dead.close()]);
  expect(performance.now() - start).toBeLessThan(1_000);
});

test('a statement that Cassandra refuses is STORE_ERROR, and the store goes on', async () => {
  const store = openCassandra(settings);
  const refused = store.read('SELECT nonsense FROM system.local', [[]]);
  await expect(refused).rejects.toMatchObject({ extensions: { code: 'STORE_ERROR' } });
  await store.ping();
  await store.close();
});

import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { readSettings } from '../../config.ts';
import { patiently } from '../../gateway/guard.ts';
import { openProxy } from '../../test/proxy.ts';
import { openEmbedder } from './embeddings/embedder.ts';
import { similarMovies } from './queries.ts';
import { openQdrant } from './store.ts';

const settings = readSettings();
const { hostname, port } = new URL(settings.qdrant.url);
const server = { host: hostname, port: Number(port) };
const open = (changes: Partial<typeof settings.qdrant> = {}) =>
  openQdrant({ ...settings.qdrant, ...changes }, openEmbedder(settings.embeddings));
const key = { id: 'm101', first: 5, genre: null, yearFrom: null, yearTo: null };
const unavailable = { extensions: { code: 'STORE_UNAVAILABLE', store: 'qdrant', retryable: true } };
const soon = { timeout: 10_000, interval: 50 };

test('migrating again changes nothing, also twice at a time', async () => {
  const store = open();
  // One that nothing is kept in, so that both make it.
  await store.call('test', (client) => client.deleteCollection('sink_probe'));
  await Promise.all([store.migrate(), store.migrate()]);
  const collection = () => store.call('test', (client) => client.getCollection('movies'));
  const before = await collection();
  await store.migrate();
  const after = await collection();
  expect(after.config).toEqual(before.config);
  expect(Object.keys(after.payload_schema).sort()).toEqual(['genres', 'releaseYear']);
  expect(after.config.params.vectors).toEqual({ size: 384, distance: 'Cosine' });
  await store.close();
});

test('a dead Qdrant is STORE_UNAVAILABLE at once, and works again when it is back', async () => {
  await using proxy = await openProxy(server);
  const store = open({ url: `http://${proxy.address}` });
  await store.ping();
  await proxy.cut();
  const start = performance.now();
  await expect(similarMovies(store, [key])).rejects.toMatchObject(unavailable);
  await expect(store.ping()).rejects.toMatchObject(unavailable);
  expect(performance.now() - start).toBeLessThan(1_000);

  await proxy.mend();
  await expect.poll(() => store.ping().then(() => 'up'), soon).toBe('up');
  await store.close();
});

test('opened while Qdrant is dead, it finds it later', async () => {
  await using proxy = await openProxy(server);
  await proxy.cut();
  const store = open({ url: `http://${proxy.address}` });
  await expect(store.ping()).rejects.toMatchObject(unavailable);
  await proxy.mend();
  await expect.poll(() => store.ping().then(() => 'up'), soon).toBe('up');
  await store.close();
});

test('a Qdrant that hangs is STORE_TIMEOUT, and works again when it goes on', async () => {
  await using proxy = await openProxy(server);
  const store = open({ url: `http://${proxy.address}`, timeoutMs: 500 });
  await store.ping();
  proxy.freeze();
  await expect(store.ping()).rejects.toMatchObject({ extensions: { code: 'STORE_TIMEOUT' } });
  await proxy.mend();
  await expect.poll(() => store.ping().then(() => 'up'), soon).toBe('up');
  await store.close();
});

test('work that may take longer than a page is not ended by the client', async () => {
  await using proxy = await openProxy(server);
  const store = open({ url: `http://${proxy.address}`, timeoutMs: 200 });
  await patiently(() => store.ping());
  proxy.freeze();
  const slow = patiently(() => store.call('test', (client) => client.getCollections()));
  // Longer than the client waits for what a page asks.
  await Promise.all([slow, delay(1_000).then(proxy.mend)]);
  await store.close();
});

test('a request that Qdrant refuses is STORE_ERROR, and the store goes on', async () => {
  const store = open();
  const refused = store.call('test', (client) => client.scroll('no-such-collection'));
  await expect(refused).rejects.toMatchObject({ extensions: { code: 'STORE_ERROR' } });
  await store.ping();
  await store.close();
});

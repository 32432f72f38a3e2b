import { expect, test } from 'vitest';
import { readSettings } from '../../config.ts';
import { openProxy } from '../../test/proxy.ts';
import { relatedMovies } from './queries.ts';
import { elasticsearchSink } from './sink.ts';
import { openElasticsearch } from './store.ts';

const settings = readSettings().elasticsearch;
const { hostname, port } = new URL(settings.url);
const server = { host: hostname, port: Number(port) };
const unavailable = { extensions: { code: 'STORE_UNAVAILABLE', store: 'elasticsearch', retryable: true } };

test('a dead server is STORE_UNAVAILABLE at once, and works again soon after its return', async () => {
  await using proxy = await openProxy(server);
  const store = openElasticsearch({ ...settings, url: `http://${proxy.address}` });
  await store.ping();
  await proxy.cut();
  const start = performance.now();
  await expect(relatedMovies(store, [{ id: 'm101', first: 5 }])).rejects.toMatchObject(unavailable);
  await expect(elasticsearchSink(store).probe()).rejects.toMatchObject(unavailable);
  await expect(store.ping()).rejects.toMatchObject(unavailable);
  expect(performance.now() - start).toBeLessThan(1_000);

  await proxy.mend();
  await expect.poll(() => store.ping().then(() => 'up'), { interval: 20 }).toBe('up');
  await store.close();
});

test('opened while the server is dead, it finds it later', async () => {
  await using proxy = await openProxy(server);
  await proxy.cut();
  const store = openElasticsearch({ ...settings, url: `http://${proxy.address}` });
  await expect(store.ping()).rejects.toMatchObject(unavailable);
  await proxy.mend();
  await expect.poll(() => store.ping().then(() => 'up'), { interval: 20 }).toBe('up');
  await store.close();
});

test('a server that hangs is STORE_TIMEOUT, and works again when it goes on', async () => {
  await using proxy = await openProxy(server);
  const store = openElasticsearch({ url: `http://${proxy.address}`, timeoutMs: 200 });
  await store.ping();
  proxy.freeze();
  await expect(store.ping()).rejects.toMatchObject({ extensions: { code: 'STORE_TIMEOUT' } });
  await proxy.mend();
  await expect.poll(() => store.ping().then(() => 'up'), { interval: 20 }).toBe('up');
  await store.close();
});

test('a search that Elasticsearch refuses is STORE_ERROR, and the store goes on', async () => {
  const store = openElasticsearch(settings);
  const refused = store.call('GET /_search', (client, options) =>
    client.search({ query: { no_such_query: {} } as object }, options),
  );
  await expect(refused).rejects.toMatchObject({ extensions: { code: 'STORE_ERROR' } });
  await store.ping();
  await store.close();
});

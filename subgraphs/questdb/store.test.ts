import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { readSettings } from '../../config.ts';
import { patiently } from '../../gateway/guard.ts';
import { openProxy } from '../../test/proxy.ts';
import { playbackQuality } from './queries.ts';
import { reportOf, writeReports } from './reports.ts';
import { questdbSink } from './sink.ts';
import { openQuestDb } from './store.ts';
import { batchOf, openOwnTables, report } from './testing.ts';

const settings = readSettings().questdb;
const unavailable = { extensions: { code: 'STORE_UNAVAILABLE', store: 'questdb', retryable: true } };
const soon = { timeout: 5_000, interval: 50 };

/** Ways to both of the server's ports. */
async function openProxies() {
  const serverOf = (url: string) => ({ host: new URL(url).hostname, port: Number(new URL(url).port) });
  const [sql, ingest] = [await openProxy(serverOf(settings.url)), await openProxy(serverOf(settings.ingestUrl))];
  const url = new URL(settings.url);
  url.host = sql.address;
  return {
    ...{ sql, ingest, own: { ...settings, url: url.href, ingestUrl: `http://${ingest.address}` } },
    async [Symbol.asyncDispose]() {
      await Promise.all([sql[Symbol.asyncDispose](), ingest[Symbol.asyncDispose]()]);
    },
  };
}

const ask = (store: ReturnType<typeof openQuestDb>) => playbackQuality(store, [{ id: 'm101', lastMinutes: 60 }]);

test('migrating again changes nothing, also twice at a time', async () => {
  const store = openQuestDb(settings);
  await Promise.all([store.migrate(), store.migrate()]);
  await store.migrate();
  await store.ping();
  await store.close();
});

test('a dead QuestDB is STORE_UNAVAILABLE at once, and works again soon after its return', async () => {
  await using proxies = await openProxies();
  const store = openOwnTables(proxies.own);
  await store.migrate();
  const sink = questdbSink(store);
  const event = report({ movieId: `m-${randomUUID()}` });
  await sink.probe();
  await Promise.all([proxies.sql.cut(), proxies.ingest.cut()]);
  const start = performance.now();
  await expect(ask(store)).rejects.toMatchObject(unavailable);
  await expect(store.ping()).rejects.toMatchObject(unavailable);
  await expect(sink.apply(batchOf([event]))).rejects.toMatchObject(unavailable);
  await expect(sink.probe()).rejects.toMatchObject(unavailable);
  expect(performance.now() - start).toBeLessThan(1_000);

  await Promise.all([proxies.sql.mend(), proxies.ingest.mend()]);
  await expect.poll(() => sink.apply(batchOf([event])).then(() => 'up', String), soon).toBe('up');
  expect(await playbackQuality(store, [{ id: event.data.movieId, lastMinutes: 60 }])).toMatchObject([[{ reports: 1 }]]);
  await store.close();
});

test('a write that nobody takes is an outage, though reads work', async () => {
  await using proxies = await openProxies();
  const store = openQuestDb(proxies.own);
  const sink = questdbSink(store);
  await proxies.ingest.cut();
  await expect(sink.apply(batchOf([report({ movieId: `m-${randomUUID()}` })]))).rejects.toMatchObject(unavailable);
  await expect(sink.probe()).rejects.toMatchObject(unavailable);
  await store.ping();
  await store.close();
});

test('a QuestDB that hangs is STORE_TIMEOUT, and works again when it goes on', async () => {
  await using proxies = await openProxies();
  const store = openOwnTables({ ...proxies.own, timeoutMs: 300 });
  await store.migrate();
  proxies.sql.freeze();
  proxies.ingest.freeze();
  const timeout = { extensions: { code: 'STORE_TIMEOUT', store: 'questdb' } };
  await expect(ask(store)).rejects.toMatchObject(timeout);
  // One after the other, until each connection of the pool hangs.
  for (let call = 0; call < 3; call++) await expect(store.ping()).rejects.toMatchObject(timeout);
  const event = report({ movieId: `m-${randomUUID()}` });
  await expect(writeReports(store, [reportOf(event)])).rejects.toMatchObject(timeout);
  await Promise.all([proxies.sql.mend(), proxies.ingest.mend()]);
  await expect.poll(() => ask(store).then(() => 'up', String), { timeout: 10_000, interval: 50 }).toBe('up');
  await store.close();
});

test('work that may take longer than a page is not ended by the driver', async () => {
  await using proxies = await openProxies();
  const store = openQuestDb({ ...proxies.own, timeoutMs: 200 });
  await patiently(() => store.ping());
  proxies.sql.freeze();
  const slow = patiently(() => store.ping());
  // Longer than the driver waits for a page's query.
  await Promise.all([slow, delay(1_000).then(proxies.sql.mend)]);
  await store.close();
});

test('a user and password of the URL for lines are sent, and never said', async () => {
  const url = new URL(settings.ingestUrl);
  [url.username, url.password] = ['admin', 'se:cret'];
  const store = openOwnTables({ ...settings, ingestUrl: url.href });
  await store.migrate();
  await writeReports(store, [reportOf(report({ movieId: `m-${randomUUID()}` }))]);
  await store.close();

  await using proxies = await openProxies();
  url.host = proxies.ingest.address;
  const own = openQuestDb({ ...settings, ingestUrl: url.href });
  await proxies.ingest.cut();
  const failure = await writeReports(own, [reportOf(report({}))]).catch((error: unknown) => error);
  expect(failure).toMatchObject(unavailable);
  expect(inspect(failure, { depth: 10 })).not.toContain('cret');
  await own.close();
});

test('opened while QuestDB is dead, it finds it later', async () => {
  await using proxies = await openProxies();
  await proxies.sql.cut();
  const store = openQuestDb(proxies.own);
  await expect(store.ping()).rejects.toMatchObject(unavailable);
  await proxies.sql.mend();
  await expect.poll(() => store.ping().then(() => 'up', String), soon).toBe('up');
  await store.close();
});

test('closes soon: never connected, with a dead server and with one that hangs', async () => {
  await using dead = await openProxies();
  await using frozen = await openProxies();
  await using silent = await openProxies();
  const stores = [settings, dead.own, frozen.own, silent.own].map((each) => openQuestDb(each));
  await Promise.all(stores.slice(1, 3).map((store) => store.ping()));
  await dead.sql.cut();
  frozen.sql.freeze();
  silent.sql.freeze();
  const hanging = stores[3]?.ping().catch(() => {});
  const start = performance.now();
  await Promise.all(stores.map((store) => store.close()));
  expect(performance.now() - start).toBeLessThan(1_500);
  await hanging;
});

test('a statement that QuestDB refuses is STORE_ERROR, and the store goes on', async () => {
  const store = openQuestDb(settings);
  const refused = { extensions: { code: 'STORE_ERROR' } };
  await expect(store.select('SELECT nonsense')).rejects.toMatchObject(refused);
  const noSuchColumn = store.write(store.tables.metrics, (rows) =>
    rows.table(store.tables.metrics).intColumn('nonsense', 1).at(1, 'ms'),
  );
  await expect(noSuchColumn).rejects.toMatchObject(refused);
  await store.ping();
  await store.close();
});

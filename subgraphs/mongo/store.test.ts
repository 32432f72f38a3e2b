import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { storeCalls } from '../../gateway/seam.ts';
import { openProxy } from '../../test/proxy.ts';
import { createPost } from './commands.ts';
import { insertNew } from './insert-new.ts';
import { postsById } from './queries.ts';
import { openMongo } from './store.ts';
import { openTestDatabase, post, type TestDatabase } from './testing.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

const unavailable = { extensions: { code: 'STORE_UNAVAILABLE', store: 'mongo', retryable: true } };
const soon = { timeout: 10_000, interval: 50 };

/** The test's database behind a proxy that can be cut. */
async function openBehindProxy() {
  const url = new URL(database.settings.url);
  const proxy = await openProxy({ host: url.hostname, port: Number(url.port) });
  url.host = proxy.address;
  return { proxy, settings: { ...database.settings, url: url.href } };
}

test('migrating again changes nothing, also twice at a time', async () => {
  const store = openMongo(database.settings);
  // As an earlier version left it.
  await database.posts.createIndex({ movieId: 1, isDeleted: 1, createdAt: -1, _id: -1 });
  await Promise.all([store.migrate(), store.migrate()]);
  await store.migrate();
  const indexes = await database.posts.indexes();
  expect(indexes.map(({ name }) => name).sort()).toEqual([
    '_id_',
    'attachments.uploadId_1',
    'authorId_1_isDeleted_1_createdAt_-1__id_-1',
    'movieId_1_isDeleted_1_createdAt_-1__id_-1_authorId_1',
  ]);
  await store.close();
});

test('an index that takes longer than a page’s patience is made all the same', async () => {
  const { proxy, settings } = await openBehindProxy();
  await using _ = proxy;
  const store = openMongo({ ...settings, timeoutMs: 300 });
  const migrating = Promise.withResolvers<void>();
  let statements = 0;
  const freezeOnce = () => {
    // By the second one it is connected.
    if (++statements === 2) {
      proxy.freeze();
      migrating.resolve();
    }
  };
  storeCalls.start.subscribe(freezeOnce);
  const migration = store.migrate();
  await Promise.race([migrating.promise, migration]);
  storeCalls.start.unsubscribe(freezeOnce);
  await delay(1_500);
  await proxy.mend();
  await migration;
  await store.close();
});

test('a dead MongoDB is STORE_UNAVAILABLE within a moment, and works again soon after its return', async () => {
  const { proxy, settings } = await openBehindProxy();
  await using _ = proxy;
  const store = openMongo(settings);
  await store.ping();
  await proxy.cut();
  for (const attempt of [() => postsById(store, ['p1']), () => store.ping(), () => createPost(store, post('u1'))]) {
    const start = performance.now();
    await expect(attempt()).rejects.toMatchObject(unavailable);
    expect(performance.now() - start).toBeLessThan(900);
  }
  await proxy.mend();
  await expect.poll(() => store.ping().then(() => 'up'), soon).toBe('up');
  await createPost(store, post('u1'));
  await store.close();
});

test('opened while MongoDB is dead, it finds it later', async () => {
  const { proxy, settings } = await openBehindProxy();
  await using _ = proxy;
  await proxy.cut();
  const store = openMongo(settings);
  await expect(store.ping()).rejects.toMatchObject(unavailable);
  await expect(Promise.all([store.ping(), store.ping()])).rejects.toMatchObject(unavailable);
  await proxy.mend();
  await expect.poll(() => store.ping().then(() => 'up'), soon).toBe('up');
  await store.close();
});

test('a MongoDB that hangs is STORE_TIMEOUT, and works again when it goes on', async () => {
  const { proxy, settings } = await openBehindProxy();
  await using _ = proxy;
  const store = openMongo({ ...settings, timeoutMs: 1_000 });
  await store.ping();
  proxy.freeze();
  await expect(store.ping()).rejects.toMatchObject({ extensions: { code: 'STORE_TIMEOUT' } });
  await proxy.mend();
  await expect.poll(() => store.ping().then(() => 'up'), soon).toBe('up');
  await store.close();
});

test('rows that a broken connection kept from being written are not taken for rows that were there', async () => {
  const { proxy, settings } = await openBehindProxy();
  await using _ = proxy;
  const store = openMongo(settings);
  await store.ping();
  await proxy.cut();
  const rows = [{ _id: 'a' }, { _id: 'b' }];
  const insert = () => store.call('insert', ({ db }) => insertNew(db.collection<{ _id: string }>('rows'), rows));
  await expect(insert()).rejects.toMatchObject(unavailable);
  await proxy.mend();
  await expect.poll(() => store.ping().then(() => 'up'), soon).toBe('up');
  await database.db.collection<{ _id: string }>('rows').insertOne({ _id: 'a' });
  await insert();
  await insert();
  expect(await database.db.collection('rows').countDocuments()).toBe(2);
  await store.close();
});

test('closes at once, connected or not', async () => {
  const { proxy, settings } = await openBehindProxy();
  await using _ = proxy;
  await proxy.cut();
  const [never, dead] = [openMongo(database.settings), openMongo(settings)];
  await dead.ping().catch(() => {});
  const start = performance.now();
  await Promise.all([never.close(), dead.close()]);
  expect(performance.now() - start).toBeLessThan(1_000);
});

test('a command that MongoDB refuses is STORE_ERROR, and the store goes on', async () => {
  const store = openMongo(database.settings);
  const refused = store.call('nonsense', async ({ db }) => await db.command({ nonsense: 1 }));
  await expect(refused).rejects.toMatchObject({ extensions: { code: 'STORE_ERROR' } });
  await store.ping();
  await store.close();
});

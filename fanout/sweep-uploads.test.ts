import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { readSettings, type Settings } from '../config.ts';
import { concurrently } from '../gateway/batches.ts';
import { openRooms } from '../gateway/open.ts';
import { callsDuring } from '../gateway/testing.ts';
import { createPost, deletePost, editPost } from '../subgraphs/mongo/commands.ts';
import type { PostDocument } from '../subgraphs/mongo/documents.ts';
import { mongo } from '../subgraphs/mongo/index.ts';
import { collections } from '../subgraphs/mongo/outbox.ts';
import type { MongoStore } from '../subgraphs/mongo/store.ts';
import { newId, openTestDatabase, post, type TestDatabase } from '../subgraphs/mongo/testing.ts';
import { s3 } from '../subgraphs/s3/index.ts';
import { uploadsBefore } from '../subgraphs/s3/queries.ts';
import { openOwnBuckets } from '../subgraphs/s3/testing.ts';
import { newUploadId } from '../subgraphs/s3/upload.ts';
import { run } from '../test/command.ts';
import { NothingReferred, sweepUploads } from './sweep-uploads.ts';
import { silent } from './testing.ts';
import { startUploadSweeper, sweepInTurn } from './upload-sweeper.ts';

const hourMs = 3_600_000;
const rooms = [mongo, s3];
let database: TestDatabase;
let buckets: Awaited<ReturnType<typeof openOwnBuckets>>;
let settings: Settings;
/** A post that has nothing to do with uploads: MongoDB is not empty. */
let bystander: string;

beforeAll(async () => {
  [database, buckets] = await Promise.all([openTestDatabase(), openOwnBuckets()]);
  const { mediaBucket, lakeBucket } = buckets.store;
  const own = readSettings();
  settings = { ...own, mongo: database.settings, s3: { ...own.s3, mediaBucket, lakeBucket } };
  bystander = await refer([]);
});
afterAll(async () => {
  await buckets?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

/** Puts files into the bucket, as if their authors had. */
async function upload(count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => newUploadId('u1')).toSorted();
  const { mediaBucket: Bucket } = buckets.store;
  await concurrently(16, ids, async (id) => {
    const file = { Bucket, Key: `uploads/${id}`, Body: 'x', ContentType: 'image/png' };
    await buckets.store.call('test', (client) => client.send(new PutObjectCommand(file)));
  });
  return ids;
}

/** Writes a post that refers to these, or did until it was deleted. */
async function refer(uploadIds: readonly string[], { isDeleted = false } = {}): Promise<string> {
  const _id = newId('post');
  const attachments = uploadIds.map((uploadId) => ({ type: 'IMAGE', url: '', title: null, uploadId }));
  const post = { _id, authorId: 'u1', attachments: isDeleted ? [] : attachments, isDeleted, outbox: [] };
  await database.posts.insertOne(post as unknown as PostDocument);
  return _id;
}

const stored = async () => (await Array.fromAsync(uploadsBefore(buckets.store, new Date(Date.now() + hourMs)))).flat();

/** Removes the posts that tests have written, except the bystander. */
const forgetPosts = () => database.posts.deleteMany({ _id: { $ne: bystander } });

/** The ids that a sweep removes so many hours from now, in their order. */
async function sweep(inHours: number, others: Partial<Parameters<typeof sweepUploads>[0]> = {}): Promise<string[]> {
  const removed: string[] = [];
  const now = new Date(Date.now() + inHours * hourMs);
  await sweepUploads({ rooms, settings, now, onRemoved: (ids) => void removed.push(...ids), ...others });
  return removed.toSorted();
}

test('what no post refers to is removed once it is two days old, and nothing else', async () => {
  const [used = '', usedTwice = '', ofDeleted = '', dropped = '', never = ''] = await upload(5);
  const first = await refer([used, usedTwice, dropped]);
  await refer([usedTwice]);
  await refer([ofDeleted], { isDeleted: true });
  await database.posts.updateOne({ _id: first }, { $pull: { attachments: { uploadId: dropped } } } as Parameters<
    typeof database.posts.updateOne
  >[1]);
  await buckets.store.call('test', (client) =>
    client.send(
      new PutObjectCommand({ Bucket: buckets.store.mediaBucket, Key: 'movies/m1/poster.svg', Body: '<svg/>' }),
    ),
  );

  expect(await sweep(47)).toEqual([]);
  expect(await stored()).toHaveLength(5);
  expect(await sweep(49)).toEqual([ofDeleted, dropped, never].toSorted());
  expect(await stored()).toEqual([used, usedTwice].toSorted());
  expect(await sweep(49)).toEqual([]);

  // The last reference goes with the last post that has one.
  await forgetPosts();
  expect(await sweep(49)).toEqual([used, usedTwice].toSorted());
});

test('what an author attaches stays until they take it out or delete the post', async () => {
  const [kept = '', edited = '', stolen = ''] = await upload(3);
  await using opened = openRooms(rooms, settings);
  const uploads = opened.get('s3')?.uploads ?? expect.fail();
  const store = opened.get('mongo')?.store as MongoStore;
  const attached = (...ids: string[]) => ids.map((uploadId) => ({ type: 'IMAGE' as const, uploadId }));
  const input = (authorId: string, ...ids: string[]) => post(authorId, { attachments: attached(...ids) });
  await expect(createPost(store, input('u2', stolen), uploads)).rejects.toMatchObject({
    extensions: { code: 'BAD_USER_INPUT', argument: ['input', 'attachments', '0', 'uploadId'] },
  });
  const { id: postId } = (await createPost(store, input('u1', kept, edited), uploads)).post;
  expect(await sweep(49)).toEqual([stolen]);
  await editPost(store, { authorId: 'u1', postId, attachments: attached(kept) }, uploads);
  expect(await sweep(49)).toEqual([edited]);
  await deletePost(store, { authorId: 'u1', postId });
  expect(await sweep(49)).toEqual([kept]);
});

test('more than a page of uploads, each asked about once', { timeout: 120_000 }, async () => {
  const ids = await upload(1_050);
  const kept = ids.filter((_, n) => n % 100 === 7);
  await refer(kept);
  const calls = await callsDuring(async () => {
    expect(await sweep(49)).toEqual(ids.filter((id) => !kept.includes(id)));
  });
  const asked = calls.filter(({ store }) => store === 'mongo');
  expect(asked.length).toBe(2);
  expect(await stored()).toEqual(kept);
  await forgetPosts();
  await sweep(49);
});

test.each(['mongo', 's3'])('with %s switched off nothing is removed', async (off) => {
  const ids = await upload(1);
  const without = { ...settings, without: new Set([off]) };
  await expect(sweep(49, { settings: without })).rejects.toThrow(`${off} cannot be asked, being switched off`);
  expect(await stored()).toEqual(ids);
  await sweep(49);
});

test('with a store that does not answer nothing is removed', async () => {
  const ids = await upload(3);
  const nowhere = { ...settings.mongo, url: 'mongodb://127.0.0.1:1/none' };
  await expect(sweep(49, { settings: { ...settings, mongo: nowhere } })).rejects.toMatchObject({
    extensions: { code: 'STORE_UNAVAILABLE', store: 'mongo' },
  });
  await expect(
    sweep(49, { settings: { ...settings, s3: { ...settings.s3, endpoint: 'http://127.0.0.1:1' } } }),
  ).rejects.toMatchObject({ extensions: { code: 'STORE_UNAVAILABLE', store: 's3' } });
  expect(await stored()).toEqual(ids);
  await sweep(49);
});

test('a store without one post keeps all of them, until somebody says that it is right', async () => {
  const ids = await upload(2);
  await using empty = await openTestDatabase();
  const fresh = { ...settings, mongo: empty.settings };
  await expect(sweep(49, { settings: fresh })).rejects.toThrow('mongo has nothing at all that could refer to them');
  const now = new Date(Date.now() + 49 * hourMs);
  await expect(sweepInTurn({ rooms, settings: fresh, now })).rejects.toThrow(NothingReferred);
  expect(await stored()).toEqual(ids);
  // Nothing to remove is nothing to be afraid of.
  expect(await sweep(47, { settings: fresh })).toEqual([]);
  expect(await sweep(49, { settings: fresh, evenWithoutDocuments: true })).toEqual(ids);
});

test('a room that uses uploads and does not say which keeps all of them', async () => {
  const ids = await upload(1);
  const silentRoom = { name: 'silent', resolvers: {}, uploads: 'uses' as const };
  await expect(sweep(49, { rooms: [...rooms, silentRoom] })).rejects.toThrow('silent uses uploads');
  await expect(sweep(49, { rooms: [s3] })).rejects.toThrow('no room that uses uploads');
  expect(await stored()).toEqual(ids);
  await sweep(49);
});

test('of several sweepers one sweeps, and the next an hour later; one that failed lets another try', async () => {
  const [id = ''] = await upload(1);
  const now = new Date(Date.now() + 49 * hourMs);
  const dead = { ...settings, s3: { ...settings.s3, endpoint: 'http://127.0.0.1:1' } };
  await expect(sweepInTurn({ rooms, settings: dead, now })).rejects.toThrow();

  const turns = await Promise.all(Array.from({ length: 3 }, () => sweepInTurn({ rooms, settings, now })));
  expect(turns.toSorted()).toEqual([1, null, null]);
  expect(await stored()).not.toContain(id);

  const leases = database.db.collection<{ _id: string; until: Date }>(collections.leases);
  const lease = await leases.findOne({ _id: 'upload-sweep' });
  expect((lease?.until.getTime() ?? 0) - Date.now()).toBeGreaterThan(hourMs / 2);
  expect(await sweepInTurn({ rooms, settings, now })).toBeNull();
  await leases.updateOne({ _id: 'upload-sweep' }, { $set: { until: new Date(Date.now() - 1) } });
  expect(await sweepInTurn({ rooms, settings, now })).toBe(0);
  await leases.deleteOne({ _id: 'upload-sweep' });
});

test('the worker sweeps at its start, tells what went wrong, and stops at once', async () => {
  const leases = database.db.collection<{ _id: string }>(collections.leases);
  const worker = startUploadSweeper({ rooms, settings, logger: silent });
  await worker.ready;
  await expect.poll(() => leases.countDocuments({ _id: 'upload-sweep' })).toBe(1);
  await worker.stop();
  await leases.deleteOne({ _id: 'upload-sweep' });

  const warn = vi.spyOn(silent, 'warn');
  const dead = { ...settings, mongo: { ...settings.mongo, url: 'mongodb://127.0.0.1:1/none', timeoutMs: 100 } };
  const blind = startUploadSweeper({ rooms, settings: dead, logger: silent });
  await blind.ready;
  await expect.poll(() => warn.mock.calls.length).toBe(1);
  await blind.stop();
  warn.mockRestore();
});

test('npm run fanout -- sweep', { timeout: 120_000 }, async () => {
  const ids = await upload(1);
  vi.stubEnv('MONGO_URL', settings.mongo.url);
  vi.stubEnv('S3_MEDIA_BUCKET', settings.s3.mediaBucket);
  try {
    expect(await run('fanout/cli.ts', 'sweep')).toEqual({ code: 0, output: '0 uploads removed\n' });
    const help = await run('fanout/cli.ts', 'sweep', '--help');
    expect(help).toMatchObject({ code: 0, output: expect.stringContaining('older than two days') });
    expect(await run('fanout/cli.ts', 'sweep', '--all')).toMatchObject({ code: 1 });

    // The program lives two days on, since S3 makes no file older. Requests are signed by Date.now(), which is as it was.
    const later = `const Now = Date; globalThis.Date = class Date extends Now {
      constructor(...parts) { super(...(parts.length > 0 ? parts : [Date.now() + ${49 * hourMs}])); } };`;
    vi.stubEnv('NODE_OPTIONS', `--import=data:text/javascript,${encodeURIComponent(later)}`);
    await using empty = await openTestDatabase();
    vi.stubEnv('MONGO_URL', empty.settings.url);
    const kept = await run('fanout/cli.ts', 'sweep');
    expect(kept).toMatchObject({ code: 1, output: expect.stringContaining('sweep --even-without-posts removes them') });
    expect(await stored()).toEqual(ids);
    const removed = await run('fanout/cli.ts', 'sweep', '--even-without-posts');
    expect(removed).toEqual({ code: 0, output: `removed  ${ids[0]}\n1 upload removed\n` });
    vi.stubEnv('NODE_OPTIONS', undefined);
    vi.stubEnv('STREAMSHOP_WITHOUT', 'mongo');
    const off = await run('fanout/cli.ts', 'sweep');
    expect(off).toMatchObject({ code: 1, output: expect.stringContaining('mongo cannot be asked') });
  } finally {
    vi.unstubAllEnvs();
  }
  expect(await stored()).toEqual([]);
});

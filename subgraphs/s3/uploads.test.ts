import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { storeCalls } from '../../gateway/seam.ts';
import { callsDuring } from '../../gateway/testing.ts';
import { removeUploads } from './commands.ts';
import { findUploads, uploadsBefore } from './queries.ts';
import { openOwnBuckets } from './testing.ts';
import { newUploadId } from './upload.ts';

const viewer = { userId: 'u1', scopes: [] };
const png = Uint8Array.from({ length: 1_000 }, (_, index) => index % 256);
let room: Awaited<ReturnType<typeof openOwnBuckets>>;

beforeAll(async () => {
  room = await openOwnBuckets();
});
afterAll(() => room?.[Symbol.asyncDispose]());

interface NewUpload {
  upload: { id: string; url: string; contentType: string; sizeBytes: number };
  putUrl: string;
  headers: { name: string; value: string }[];
  expiresAt: string;
}

const creation = `mutation ($input: CreateUploadInput!) {
  createUpload(input: $input) { upload { id url contentType sizeBytes } putUrl headers { name value } expiresAt }
}`;

async function create(input: object = { contentType: 'image/png', sizeBytes: png.length }): Promise<NewUpload> {
  const { data, errors } = await room.execute(creation, { viewer, variables: { input } });
  expect(errors).toBeUndefined();
  return JSON.parse(JSON.stringify(data)).createUpload;
}

/** What the server says to a PUT, with the headers as they were given unless told otherwise. */
async function put({ putUrl, headers }: NewUpload, body: Uint8Array<ArrayBuffer>, others: Record<string, string> = {}) {
  const given = Object.fromEntries(headers.map(({ name, value }) => [name, value]));
  const { status } = await fetch(putUrl, { method: 'PUT', headers: { ...given, ...others }, body });
  return status;
}

const lookUp = `query ($uploads: [_Any!]!, $seconds: Int! = 3600) {
  _entities(representations: $uploads) { ... on Upload { id url(expiresInSeconds: $seconds) contentType sizeBytes } }
}`;

async function read(ids: readonly string[], options: { seconds?: number } = {}) {
  const variables = { uploads: ids.map((id) => ({ __typename: 'Upload', id })), ...options };
  const { data, errors = [] } = await room.execute(lookUp, { variables });
  return { uploads: JSON.parse(JSON.stringify(data))._entities as NewUpload['upload'][], errors };
}

/** Puts a file past the signature, as nobody but this room can. */
async function putDirectly(id: string, { contentType = 'image/png', body = png as Uint8Array | string } = {}) {
  const file = { Bucket: room.store.mediaBucket, Key: `uploads/${id}`, Body: body, ContentType: contentType };
  await room.store.call('test', (client) => client.send(new PutObjectCommand(file)));
}

test('a file that is put as announced is there, and read as it is', async () => {
  const created = await create();
  expect(created.upload.id).toMatch(/^u1\/[0-9a-f-]{36}$/);
  expect(created.headers).toEqual([{ name: 'content-type', value: 'image/png' }]);
  const leftMs = new Date(created.expiresAt).getTime() - Date.now();
  expect(leftMs).toBeGreaterThan(0);
  expect(leftMs).toBeLessThanOrEqual(600_000);
  expect(await findUploads(room.store, [created.upload.id])).toEqual([null]);

  expect(await put(created, png)).toBe(200);
  const [found] = await findUploads(room.store, [created.upload.id]);
  expect(found).toEqual({
    ...{ id: created.upload.id, ownerId: 'u1', contentType: 'image/png', sizeBytes: png.length },
    uploadedAt: expect.any(Date),
  });
  const { uploads, errors } = await read([created.upload.id]);
  expect(errors).toEqual([]);
  expect(uploads).toEqual([{ ...created.upload, url: expect.any(String) }]);
  // What the mutation has given works as well, now that the file is there.
  for (const url of [uploads[0]?.url, created.upload.url]) {
    const response = await fetch(url ?? '');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('image/png');
    expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename="[0-9a-f-]{36}\.png"$/);
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(png);
  }
});

test('the server refuses every other file', async () => {
  const created = await create();
  const other = await create();
  expect(await put(created, new Uint8Array([...png, 0]))).toBe(403);
  expect(await put(created, png.slice(1))).toBe(403);
  expect(await put(created, png, { 'content-type': 'text/html' })).toBe(403);
  expect(await put(created, png, { 'content-type': 'image/png; charset=utf-8' })).toBe(403);
  const [, key = ''] = created.upload.id.split('/');
  const [, otherKey = ''] = other.upload.id.split('/');
  for (const putUrl of [
    created.putUrl.replace(key, otherKey),
    created.putUrl.replace('/u1/', '/u2/'),
    created.putUrl.replace(`uploads/u1/${key}`, 'movies/m101/video.mp4'),
    created.putUrl.replace('X-Amz-Expires=600', 'X-Amz-Expires=6000'),
    created.putUrl.replace('content-length%3B', ''),
    created.putUrl.replace(/\?.*/, ''),
  ]) {
    expect(putUrl).not.toBe(created.putUrl);
    expect(await put({ ...created, putUrl }, png)).toBe(403);
  }
  // The same URL reads and removes nothing.
  for (const method of ['GET', 'DELETE']) expect((await fetch(created.putUrl, { method })).status).toBe(403);
  expect(await findUploads(room.store, [created.upload.id, other.upload.id])).toEqual([null, null]);
});

test('a body whose length nobody tells is refused', async () => {
  const created = await create();
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(png);
      controller.close();
    },
  });
  const headers = { 'content-type': 'image/png' };
  const sent = fetch(created.putUrl, { method: 'PUT', headers, body, duplex: 'half' } as RequestInit);
  expect([403, 411]).toContain((await sent).status);
  expect(await findUploads(room.store, [created.upload.id])).toEqual([null]);
});

test('ten minutes later it is too late', async () => {
  const id = newUploadId('u1');
  const file = { key: `uploads/${id}`, contentType: 'image/png', sizeBytes: png.length };
  const signed = async (secondsAgo: number) => ({
    ...(await create()),
    putUrl: await room.store.signPut(file, {
      signedAt: new Date(Date.now() - secondsAgo * 1_000),
      expiresInSeconds: 600,
    }),
  });
  expect(await put(await signed(660), png)).toBe(403);
  expect(await findUploads(room.store, [id])).toEqual([null]);
  expect(await put(await signed(540), png)).toBe(200);
});

test('a browser may put and read from any origin', async () => {
  const { putUrl } = await create();
  const origin = 'http://localhost:3000';
  const wanted = { 'access-control-request-method': 'PUT', 'access-control-request-headers': 'content-type' };
  const preflight = await fetch(putUrl, { method: 'OPTIONS', headers: { origin, ...wanted } });
  expect(preflight.status).toBe(200);
  expect(preflight.headers.get('access-control-allow-methods')).toMatch(/PUT/);
  expect(preflight.headers.get('access-control-allow-headers')).toMatch(/content-type/i);
});

test.each([
  ['contentType', { contentType: 'text/html', sizeBytes: 10 }],
  ['contentType', { contentType: 'image/svg+xml', sizeBytes: 10 }],
  ['contentType', { contentType: 'constructor', sizeBytes: 10 }],
  ['contentType', { contentType: 'image/png; charset=utf-8', sizeBytes: 10 }],
  ['sizeBytes', { contentType: 'image/png', sizeBytes: 0 }],
  ['sizeBytes', { contentType: 'image/png', sizeBytes: -1 }],
  ['sizeBytes', { contentType: 'image/png', sizeBytes: 10_000_001 }],
  ['sizeBytes', { contentType: 'video/mp4', sizeBytes: 100_000_001 }],
  ['sizeBytes', { contentType: 'application/pdf', sizeBytes: 20_000_001 }],
])('refuses a wrong %s before S3 is asked: %o', async (field, input) => {
  const calls = await callsDuring(async () => {
    const { errors } = await room.execute(creation, { viewer, variables: { input } });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument: ['input', field] });
  });
  expect(calls).toEqual([]);
});

test.each(['image/gif', 'video/mp4', 'audio/mpeg'])('takes the largest %s', async (contentType) => {
  const sizeBytes = { 'image/gif': 10_000_000, 'video/mp4': 100_000_000, 'audio/mpeg': 20_000_000 }[contentType];
  expect((await create({ contentType, sizeBytes })).upload).toMatchObject({ contentType, sizeBytes });
});

test('a visitor uploads nothing', async () => {
  const variables = { input: { contentType: 'image/png', sizeBytes: 1 } };
  const { data, errors } = await room.execute(creation, { variables });
  expect(data).toMatchObject({ createUpload: null });
  expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['UNAUTHENTICATED']);
});

const uuid = '0199a3c0-1234-7abc-8def-0123456789ab';

test('an id that leads elsewhere is none, and S3 is not asked about it', async () => {
  const ids = [
    ...['', '.', 'u1', `u1/${uuid}/`, `/${uuid}`, `u1//${uuid}`, `../${uuid}`, `u1/../${uuid}`, `u1/x/${uuid}`],
    ...['../movies/m101/poster.svg', 'u1/../../movies/m101/video.mp4', `u1/${uuid}\n`, `u1/${uuid}?versionId=1`],
    ...[`u1/${uuid.toUpperCase()}`, `u1/${uuid.replace('7abc', '4abc')}`, `ü/${uuid}`, `${'u'.repeat(129)}/${uuid}`],
    'u'.repeat(100_000),
  ];
  const calls = await callsDuring(async () => {
    expect(await findUploads(room.store, ids)).toEqual(ids.map(() => null));
    const { uploads, errors } = await read(ids);
    expect(uploads).toEqual(ids.map((id) => ({ id, url: null, contentType: null, sizeBytes: null })));
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(ids.flatMap(() => Array(3).fill('NOT_FOUND')));
    for (const id of ids) await expect(removeUploads(room.store, [id])).rejects.toThrow(TypeError);
  });
  expect(calls).toEqual([]);
});

test('a file that nobody was allowed to put there is none', async () => {
  const [page, large, scripted] = [newUploadId('u1'), newUploadId('u1'), newUploadId('u1')];
  await putDirectly(page, { contentType: 'text/html', body: '<script>alert(1)</script>' });
  await putDirectly(large, { body: new Uint8Array(10_000_001) });
  expect(await findUploads(room.store, [page, large])).toEqual([null, null]);
  const { uploads, errors } = await read([page, large]);
  expect(uploads.map(({ url }) => url)).toEqual([null, null]);
  expect(errors.every(({ extensions }) => extensions.code === 'NOT_FOUND')).toBe(true);

  // A page under a picture's name is handed out as a picture, and to be saved.
  await putDirectly(scripted, { body: '<script>alert(1)</script>' });
  const response = await fetch((await read([scripted])).uploads[0]?.url ?? '');
  expect(response.headers.get('content-type')).toBe('image/png');
  expect(response.headers.get('content-disposition')).toMatch(/^attachment/);
});

test.each([59, 86_401])('refuses %i seconds, naming the argument', async (seconds) => {
  const { errors } = await read([`u1/${uuid}`], { seconds });
  expect(errors.map(({ extensions }) => extensions)).toContainEqual(
    expect.objectContaining({ code: 'BAD_USER_INPUT', argument: ['expiresInSeconds'] }),
  );
});

test('a read URL cannot be turned into another', async () => {
  const [one, other] = [newUploadId('u1'), newUploadId('u2')];
  await Promise.all([putDirectly(one), putDirectly(other)]);
  const url = (await read([one], { seconds: 60 })).uploads[0]?.url ?? '';
  expect(url).toContain('X-Amz-Expires=60&');
  for (const altered of [
    url.replace(one, other),
    url.replace('response-content-type=image%2Fpng', 'response-content-type=text%2Fhtml'),
    url.replace('attachment', 'inline'),
    url.replace(/\?.*/, ''),
  ]) {
    expect(altered).not.toBe(url);
    expect((await fetch(altered)).status).toBe(403);
  }
});

test('fifty uploads are asked about once each, some at a time', async () => {
  const ids = Array.from({ length: 50 }, () => newUploadId('u1'));
  await Promise.all(ids.slice(0, 5).map((id) => putDirectly(id)));
  let [underWay, most] = [0, 0];
  const begins = () => {
    underWay += 1;
    most = Math.max(most, underWay);
  };
  const ends = () => {
    underWay -= 1;
  };
  storeCalls.start.subscribe(begins);
  storeCalls.asyncEnd.subscribe(ends);
  try {
    const calls = await callsDuring(async () => {
      const { uploads } = await read([...ids, ...ids]);
      expect(uploads.map(({ url }) => url !== null)).toEqual([...ids, ...ids].map((_, n) => n % 50 < 5));
    });
    expect(calls).toHaveLength(50);
    expect(most).toBeLessThanOrEqual(16);
  } finally {
    storeCalls.start.unsubscribe(begins);
    storeCalls.asyncEnd.unsubscribe(ends);
  }
});

test('what was put before a time is listed, whatever else lies there, and removed', async () => {
  await using own = await openOwnBuckets();
  const put = (Key: string) =>
    own.store.call('test', (client) =>
      client.send(new PutObjectCommand({ Bucket: own.store.mediaBucket, Key, Body: 'x', ContentType: 'image/png' })),
    );
  const ids = ['u1', 'u1', 'u2'].map(newUploadId).toSorted();
  for (const id of ids) await put(`uploads/${id}`);
  await Promise.all(['uploads/readme', 'uploads/u1/x/y', 'movies/m1/poster.svg'].map(put));
  const before = async (time: Date) => (await Array.fromAsync(uploadsBefore(own.store, time))).flat();
  const later = new Date(Date.now() + 60_000);
  expect(await before(later)).toEqual(ids);
  expect(await before(new Date(Date.now() - 60_000))).toEqual([]);

  const [gone = '', ...kept] = ids;
  await removeUploads(own.store, [gone, newUploadId('u3')]);
  expect(await before(later)).toEqual(kept);
});

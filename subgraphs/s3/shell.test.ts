import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StoreCall } from '../../gateway/seam.ts';
import { endedCalls } from '../../gateway/testing.ts';
import { putMedia, removeUploads } from './commands.ts';
import { lakeKeys, putLakeObject, readLakeObject } from './lake.ts';
import { findUploads, mediaOf, uploadsBefore } from './queries.ts';
import { openOwnBuckets } from './testing.ts';
import { newUploadId } from './upload.ts';

const folder = mkdtempSync(join(tmpdir(), 'streamshop-aws-'));
let room: Awaited<ReturnType<typeof openOwnBuckets>>;

beforeAll(async () => {
  room = await openOwnBuckets();
  // In place of the AWS CLI: keeps its words.
  writeFileSync(join(folder, 'aws'), `#!/bin/sh\nprintf '%s\\0' "$@" > ${folder}/words\n`);
  chmodSync(join(folder, 'aws'), 0o755);
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await room?.[Symbol.asyncDispose]();
});

const commands = {
  'list-objects-v2': ListObjectsV2Command,
  'get-object': GetObjectCommand,
  'put-object': PutObjectCommand,
  'head-bucket': HeadBucketCommand,
  'head-object': HeadObjectCommand,
  'delete-objects': DeleteObjectsCommand,
};

/** Has a shell read what is pasted, and sends what the AWS CLI would: an option is the API's parameter in other letters. */
async function paste({ statement, parameters, inShell }: StoreCall): Promise<object> {
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
  execFileSync('sh', ['-c', inShell?.(statement, parameters) ?? ''], { env });
  const [, operation, ...words] = readFileSync(join(folder, 'words'), 'utf8').split('\0');
  const input: Record<string, unknown> = {};
  for (const [index, word] of words.entries()) {
    const name = /^--(.*)/.exec(word)?.[1]?.replaceAll(/(?:^|-)(\w)/g, (_, letter) => letter.toUpperCase());
    if (name) input[name] = words[index + 1];
  }
  expect(input.EndpointUrl).toMatch(/^http/);
  if (input.MaxKeys) input.MaxKeys = Number(input.MaxKeys);
  if (typeof input.Delete === 'string') input.Delete = JSON.parse(input.Delete);
  if (typeof input.Body === 'string') {
    const file = input.Body;
    input.Body = readFileSync(file);
    rmSync(file);
  }
  const Command = commands[operation as keyof typeof commands] as typeof ListObjectsV2Command;
  return await room.store.call('paste', (client, options) => client.send(new Command(input as never), options));
}

const svg = `<svg id="it's $x"/>\n`;
const key = `raw/events/2026/10/03/it's "$x" \`y\`.ndjson`;

test('a listing that is pasted finds what the page has found', async () => {
  await putMedia(room.store, [
    { movieId: 'a', kind: 'poster', body: svg },
    { movieId: 'b', kind: 'video', body: new Uint8Array([0, 255, 10]) },
  ]);
  await putLakeObject(room.store, { key, body: '{"id":"1"}\n' });
  const calls = await endedCalls(async () => {
    await mediaOf(room.store, ['a']);
    await mediaOf(room.store, ['b', 'a', 'none']);
    await Array.fromAsync(lakeKeys(room.store));
  });
  expect(calls.map((call) => call.rowsOf?.(call.result))).toEqual([1, 2, 1]);
  for (const call of calls) {
    const { Contents } = (await paste(call)) as ListObjectsV2CommandOutput;
    expect(Contents).toEqual((call.result as ListObjectsV2CommandOutput).Contents);
    expect(call.statement).not.toMatch(/movies\/a/);
  }
});

test('objects that are pasted are written as they were, and read', async () => {
  const [poster, video] = ['movies/c/poster.svg', 'movies/c/video.mp4'];
  const bytes = new Uint8Array([0, 255, 10, 39]);
  const calls = await endedCalls(async () => {
    await putMedia(room.store, [{ movieId: 'c', kind: 'poster', body: svg }]);
    await putMedia(room.store, [{ movieId: 'c', kind: 'video', body: bytes }]);
    await putLakeObject(room.store, { key, body: `{"id":"it's"}\n` });
  });
  const puts = calls.filter(({ statement }) => statement.includes('put-object'));
  expect(puts).toHaveLength(3);
  const read = (Bucket: string, Key: string) =>
    room.store.call('test', async (client) => {
      const object = await client.send(new GetObjectCommand({ Bucket, Key }));
      return [object.ContentType, object.CacheControl, await object.Body?.transformToString('base64')];
    });
  const { mediaBucket, lakeBucket } = room.store;
  const all = () => Promise.all([read(mediaBucket, poster), read(mediaBucket, video), read(lakeBucket, key)]);
  const written = await all();
  await putMedia(room.store, [
    { movieId: 'c', kind: 'poster', body: 'other' },
    { movieId: 'c', kind: 'video', body: 'other' },
  ]);
  await putLakeObject(room.store, { key, body: 'other' });
  for (const call of puts) await paste(call);
  expect(await all()).toEqual(written);

  const [get] = await endedCalls(() => readLakeObject(room.store, key));
  const { Body } = (await paste(get ?? expect.fail())) as { Body: { transformToString(): Promise<string> } };
  expect(await Body.transformToString()).toBe(get?.result);
});

test('what is pasted finds an upload, lists it and removes it', async () => {
  // As long as ids get, so that the longest command is short enough for a shell.
  const userId = 'u'.repeat(128);
  const key = `uploads/${newUploadId(userId)}`;
  const { mediaBucket } = room.store;
  const file = { Bucket: mediaBucket, Key: key, Body: 'PNG', ContentType: 'image/png' };
  const put = () => room.store.call('test', (client) => client.send(new PutObjectCommand(file)));
  await put();
  const id = key.replace('uploads/', '');
  const [head, listing] = await endedCalls(async () => {
    await findUploads(room.store, [id]);
    await Array.fromAsync(uploadsBefore(room.store, new Date(Date.now() + 60_000)));
  });
  const { ETag, ContentType, LastModified } = (head?.result ?? expect.fail()) as HeadObjectCommandOutput;
  expect(await paste(head ?? expect.fail())).toMatchObject({ ETag, ContentType, LastModified });
  const { Contents } = (await paste(listing ?? expect.fail())) as ListObjectsV2CommandOutput;
  expect(Contents?.map(({ Key }) => Key)).toEqual([key]);

  const many = Array.from({ length: 600 }, () => newUploadId(userId));
  const removals = await endedCalls(() => removeUploads(room.store, [id, ...many]));
  expect(removals).toHaveLength(2);
  await put();
  for (const removal of removals) {
    expect(removal.statement).not.toContain(userId);
    await paste(removal);
  }
  expect(await findUploads(room.store, [id])).toEqual([null]);
});

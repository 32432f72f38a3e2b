import { randomUUID } from 'node:crypto';
import { DeleteBucketCommand, DeleteObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { readSettings } from '../../config.ts';
import { concurrently } from '../../gateway/batches.ts';
import { openTestRoom, type TestRoom } from '../../gateway/testing.ts';
import { s3 } from './index.ts';
import type { S3Store } from './store.ts';

/** The room on buckets of its own, deleted at the end, so that listings are the test's alone. */
export async function openOwnBuckets(): Promise<TestRoom & { store: S3Store }> {
  const settings = readSettings();
  const suffix = randomUUID();
  const buckets = { mediaBucket: `media-${suffix}`, lakeBucket: `lake-${suffix}` };
  const room = await openTestRoom({
    ...s3,
    open: (services) => {
      const own = { ...settings, s3: { ...settings.s3, ...buckets } };
      return s3.open?.({ ...services, settings: own }) as ReturnType<NonNullable<typeof s3.open>>;
    },
  });
  const store = room.open.store as S3Store;
  return {
    ...room,
    store,
    async [Symbol.asyncDispose]() {
      await empty(store, buckets.mediaBucket);
      await empty(store, buckets.lakeBucket);
      await room[Symbol.asyncDispose]();
    },
  };
}

/** S3 deletes empty buckets only. */
async function empty(store: S3Store, Bucket: string): Promise<void> {
  const list = () => store.call('ListObjectsV2', (client) => client.send(new ListObjectsV2Command({ Bucket })));
  for (let keys = (await list()).Contents ?? []; keys.length > 0; keys = (await list()).Contents ?? []) {
    await concurrently(8, keys, async ({ Key }) => {
      await store.call('DeleteObject', (client) => client.send(new DeleteObjectCommand({ Bucket, Key })));
    });
  }
  await store.call('DeleteBucket', (client) => client.send(new DeleteBucketCommand({ Bucket })));
}

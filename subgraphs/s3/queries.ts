import {
  type _Object,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
} from '@aws-sdk/client-s3';
import { concurrently } from '../../gateway/batches.ts';
import { notFound } from '../../gateway/errors.ts';
import type { StoredUpload } from '../../gateway/request.ts';
import { folderOf, isKeyable, keyOf, type MediaKind } from './media.ts';
import { orNull, type S3Store } from './store.ts';
import { keyOfUpload, mayBeUploaded, readUploadId, type UploadedFile, uploadAt, uploadFolder } from './upload.ts';

/** The keys of what a movie has; null for what it has not. */
export type MovieMedia = Record<MediaKind, string | null>;

/** Which media the movies have: one ListObjectsV2 for all of them, where they lie within 1,000 keys of each other. */
export async function mediaOf(store: S3Store, movieIds: readonly string[]): Promise<MovieMedia[]> {
  const found = await findMedia(store, movieIds);
  const existing = (key: string) => (found.has(key) ? key : null);
  return movieIds.map((id) => ({ poster: existing(keyOf(id, 'poster')), video: existing(keyOf(id, 'video')) }));
}

/**
 * Finds what the folders of these movies hold: key → ETag (in quotes, as S3 writes it).
 *
 * S3 cannot be asked for several keys at once, but it lists a range of keys, sorted, 1,000 a page. So the range from the
 * smallest id on is listed; where a page ends before the largest, it goes on at the next wanted movie. That is one call
 * where the range fits a page, and never more calls than one a movie (of at most 1,000 objects each).
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 */
export async function findMedia(store: S3Store, movieIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  let folders = [...new Set(movieIds)].filter(isKeyable).map(folderOf).toSorted();
  // A single movie's folder is all that is listed, rather than its neighbours as well.
  const prefix = (folders.length === 1 ? folders[0] : undefined) ?? 'movies/';
  let startAfter = folders[0];
  while (startAfter !== undefined) {
    const page = await listPage(store, { prefix, startAfter });
    for (const { Key = '', ETag = '' } of page.Contents ?? []) found.set(Key, ETag);
    const lastKey = page.IsTruncated ? page.Contents?.at(-1)?.Key : undefined;
    if (lastKey === undefined) break;
    folders = folders.filter((folder) => folder > lastKey || lastKey.startsWith(folder));
    const [next] = folders;
    startAfter = next !== undefined && next < lastKey ? lastKey : next;
  }
  return found;
}

const keysPerPage = 1_000;

/** How many keys a page has. */
export const keysOf = ({ Contents }: ListObjectsV2CommandOutput): number => Contents?.length ?? 0;

function listPage(store: S3Store, { prefix, startAfter }: { prefix: string; startAfter: string }) {
  const command = new ListObjectsV2Command({
    Bucket: store.mediaBucket,
    Prefix: prefix,
    StartAfter: startAfter,
    MaxKeys: keysPerPage,
  });
  const text = `aws s3api list-objects-v2 --bucket ${store.mediaBucket} --prefix $prefix --start-after $startAfter --max-keys ${keysPerPage}`;
  return store.call({ text, parameters: { prefix, startAfter }, isRead: true, rowsOf: keysOf }, (client, options) =>
    client.send(command, options),
  );
}

/** An upload as S3 has it. */
export type UploadRow = UploadedFile & StoredUpload;

const headsAtATime = 16;

/** The uploads, for a loader: NOT_FOUND for each that is not there. */
export async function uploadsById(store: S3Store, ids: readonly string[]): Promise<(UploadRow | Error)[]> {
  const found = await findUploads(store, ids);
  return ids.map((id, index) => found[index] ?? notFound('upload', id));
}

/**
 * Each upload, in the order of the ids; null for one that is not there. One HEAD each: a listing would tell no content type, and
 * two users' uploads lie far apart.
 *
 * Type and size were signed; they are looked at again, because not everything that speaks S3 is as strict as S3. A file that nobody
 * was allowed to put there is none.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
 */
export async function findUploads(store: S3Store, ids: readonly string[]): Promise<(UploadRow | null)[]> {
  const found = new Map<string, UploadRow | null>();
  await concurrently(headsAtATime, new Set(ids), async (id) => {
    found.set(id, await findUpload(store, id));
  });
  return ids.map((id) => found.get(id) ?? null);
}

async function findUpload(store: S3Store, id: string): Promise<UploadRow | null> {
  const owner = readUploadId(id);
  if (!owner) return null;
  const head = await headObject(store, keyOfUpload(id));
  const { ContentType: contentType = '', ContentLength: sizeBytes = 0, LastModified: uploadedAt } = head ?? {};
  if (!uploadedAt || !mayBeUploaded(contentType, sizeBytes)) return null;
  return { id, ownerId: owner.ownerId, contentType, sizeBytes, uploadedAt };
}

function headObject(store: S3Store, key: string): Promise<HeadObjectCommandOutput | null> {
  const command = new HeadObjectCommand({ Bucket: store.mediaBucket, Key: key });
  const text = `aws s3api head-object --bucket ${store.mediaBucket} --key $key`;
  const rowsOf = (head: HeadObjectCommandOutput | null) => (head ? 1 : 0);
  return store.call({ text, parameters: { key }, isRead: true, rowsOf }, (client, options) =>
    orNull(client.send(command, options)),
  );
}

/** The ids of all uploads that were put there before that time, in pages of at most 1,000. */
export async function* uploadsBefore(store: S3Store, time: Date): AsyncGenerator<string[]> {
  for await (const objects of objectPages(store, { bucket: store.mediaBucket, prefix: uploadFolder })) {
    yield objects.flatMap(({ Key = '', LastModified }) =>
      LastModified && LastModified < time ? (uploadAt(Key) ?? []) : [],
    );
  }
}

/** All objects of a bucket whose keys begin with the prefix, in pages of at most 1,000, each from the last key of the one before on. */
export async function* objectPages(
  store: S3Store,
  { bucket, prefix }: { bucket: string; prefix: string },
): AsyncGenerator<_Object[]> {
  const text = `aws s3api list-objects-v2 --bucket ${bucket} --prefix ${prefix} --start-after $startAfter`;
  let startAfter: string | undefined = prefix;
  while (startAfter !== undefined) {
    const input = { Bucket: bucket, Prefix: prefix, StartAfter: startAfter };
    const page: ListObjectsV2CommandOutput = await store.call(
      { text, parameters: { startAfter }, isRead: true, rowsOf: keysOf },
      (client, options) => client.send(new ListObjectsV2Command(input), options),
    );
    const objects = page.Contents ?? [];
    yield objects;
    startAfter = page.IsTruncated ? objects.at(-1)?.Key : undefined;
  }
}

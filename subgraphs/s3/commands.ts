import { createHash } from 'node:crypto';
import { DeleteObjectsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { chunks, concurrently } from '../../gateway/batches.ts';
import { badInput, checkInput, idText } from '../../gateway/input.ts';
import { isKeyable, keyOf, type MediaKind, mediaKinds } from './media.ts';
import { findMedia } from './queries.ts';
import type { S3Store } from './store.ts';
import { keyOfUpload, mayBeUploaded, newUploadId, type UploadedFile, type UploadType, uploadTypes } from './upload.ts';

/** A poster (SVG) or a video (MP4) of a movie. */
export interface MediaItem {
  movieId: string;
  kind: MediaKind;
  body: string | Uint8Array;
}

const uploadsAtATime = 16;

/**
 * Uploads what is not yet there. Safe to run again: an object whose ETag is the MD5 of the content is left alone. (An ETag
 * is that for objects uploaded in one part and not encrypted with KMS; others are uploaded again, to the same effect.)
 * @returns how many were uploaded
 * @throws TypeError for a movie id that cannot stand in a key
 */
export async function putMedia(store: S3Store, items: readonly MediaItem[]): Promise<number> {
  const unfit = items.find(({ movieId }) => !isKeyable(movieId));
  if (unfit) throw new TypeError(`a movie's id must be letters, digits, - and _ only, not "${unfit.movieId}"`);
  const existing = await findMedia(
    store,
    items.map(({ movieId }) => movieId),
  );
  const fresh = items.filter(({ movieId, kind, body }) => existing.get(keyOf(movieId, kind)) !== etagOf(body));
  await concurrently(uploadsAtATime, fresh, (item) => put(store, item));
  return fresh.length;
}

async function put(store: S3Store, { movieId, kind, body }: MediaItem): Promise<void> {
  const { contentType, cacheControl } = mediaKinds[kind];
  const key = keyOf(movieId, kind);
  const command = new PutObjectCommand({
    Bucket: store.mediaBucket,
    Key: key,
    Body: body,
    ContentType: contentType,
    CacheControl: cacheControl,
  });
  const text = `aws s3api put-object --bucket ${store.mediaBucket} --key $key --content-type ${contentType} --cache-control '${cacheControl}' --body $body`;
  await store.call({ text, parameters: { key, body } }, (client, options) => client.send(command, options));
}

const etagOf = (body: string | Uint8Array) => `"${createHash('md5').update(body).digest('hex')}"`;

const typeNames = Object.keys(uploadTypes) as UploadType[];
const uploadInput = z.object({
  userId: idText,
  contentType: z.enum(typeNames, `is none of ${typeNames.join(', ')}`),
  sizeBytes: z.int().min(1, 'is at least 1'),
});

/** A file that the user wants to upload. */
export interface CreateUpload {
  userId: string;
  contentType: string;
  sizeBytes: number;
}

/** Where to put a file, and how. */
export interface NewUpload {
  upload: UploadedFile;
  putUrl: string;
  /** What the PUT must say, beside what every HTTP client says by itself. */
  headers: { name: string; value: string }[];
  expiresAt: Date;
}

const putSeconds = 600;

/**
 * Allows the user to put one file of that type and size into the media bucket, under a key of its own, within ten minutes.
 * Nothing is written: whether the file comes is the client's affair.
 * @throws BAD_USER_INPUT with the argument's path; STORE_UNAVAILABLE where there is no S3 that it could be put into
 */
export async function createUpload(store: S3Store, input: CreateUpload): Promise<NewUpload> {
  const { userId, contentType, sizeBytes } = checkInput(uploadInput, input, ['input']);
  if (!mayBeUploaded(contentType, sizeBytes)) {
    const { mostBytes } = uploadTypes[contentType];
    throw badInput(`input.sizeBytes: is at most ${mostBytes} for ${contentType}.`, ['input', 'sizeBytes']);
  }
  // Signing asks nobody, and a URL that leads to a dead server helps nobody.
  await store.ping();
  const id = newUploadId(userId);
  // A signature knows whole seconds.
  const signedAt = new Date(Math.floor(Date.now() / 1_000) * 1_000);
  const file = { key: keyOfUpload(id), contentType, sizeBytes };
  return {
    upload: { id, contentType, sizeBytes },
    putUrl: await store.signPut(file, { signedAt, expiresInSeconds: putSeconds }),
    headers: [{ name: 'content-type', value: contentType }],
    expiresAt: new Date(signedAt.getTime() + putSeconds * 1_000),
  };
}

/** S3 takes a thousand; as many as these still fit into one word of a command line, which Linux ends at 128 kB. */
const removalsPerCall = 500;

/** Removes uploads; one that is not there is removed already. */
export async function removeUploads(store: S3Store, ids: readonly string[]): Promise<void> {
  for (const some of chunks(ids, removalsPerCall)) {
    const Delete = { Objects: some.map((id) => ({ Key: keyOfUpload(id) })), Quiet: true };
    const command = new DeleteObjectsCommand({ Bucket: store.mediaBucket, Delete });
    const text = `aws s3api delete-objects --bucket ${store.mediaBucket} --delete $objects`;
    await store.call({ text, parameters: { objects: JSON.stringify(Delete) } }, async (client, options) => {
      const { Errors: [refused] = [] } = await client.send(command, options);
      if (refused) throw new Error(`S3 has kept ${refused.Key}: ${refused.Code} ${refused.Message}`);
    });
  }
}

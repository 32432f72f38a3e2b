import { createHash } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { concurrently } from '../../gateway/batches.ts';
import { isKeyable, keyOf, type MediaKind, mediaKinds } from './media.ts';
import { findMedia } from './queries.ts';
import type { S3Store } from './store.ts';

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

import { findUploads, mediaOf } from '../subgraphs/s3/queries.ts';
import { handedOut, keyOfUpload } from '../subgraphs/s3/upload.ts';
import type { Stores } from './stores.ts';

const posterSeconds = 3_600;
const streamSeconds = 900;
const uploadSeconds = 3_600;

/** The films' posters by id, each URL signed. */
export async function readPosters(s3: Stores['s3'], ids: readonly string[]) {
  const media = await mediaOf(s3, ids);
  const urls = await Promise.all(media.map(({ poster }) => poster && s3.sign(poster, posterSeconds)));
  return new Map(ids.map((id, index) => [id, urls[index]]));
}

/** A film's poster and video, each URL signed; null for what it has not. */
export async function readMedia(s3: Stores['s3'], id: string) {
  const [media] = await mediaOf(s3, [id]);
  const [posterUrl, streamingUrl] = await Promise.all([
    media?.poster && s3.sign(media.poster, posterSeconds),
    media?.video && s3.sign(media.video, streamSeconds),
  ]);
  return { posterUrl, streamingUrl };
}

/** The uploads by id, each with a signed URL; null for one that is gone. */
export async function readUploads(s3: Stores['s3'], ids: readonly string[]) {
  const files = await findUploads(s3, ids);
  const uploads = await Promise.all(
    files.map(async (file) => {
      if (!file) return null;
      return { id: file.id, url: await s3.sign(keyOfUpload(file.id), uploadSeconds, handedOut(file)) };
    }),
  );
  return new Map(ids.map((id, index) => [id, uploads[index] ?? null]));
}

import { ListObjectsV2Command, type ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import { folderOf, isKeyable, keyOf, type MediaKind } from './media.ts';
import type { S3Store } from './store.ts';

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

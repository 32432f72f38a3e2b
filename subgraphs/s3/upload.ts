import { v7 as uuidv7 } from 'uuid';

const megabyte = 1_000_000;

/** What may be uploaded: by content type the most that a file may weigh, and the extension that it gets where it is saved. */
export const uploadTypes = {
  'image/jpeg': { mostBytes: 10 * megabyte, extension: 'jpg' },
  'image/png': { mostBytes: 10 * megabyte, extension: 'png' },
  'image/webp': { mostBytes: 10 * megabyte, extension: 'webp' },
  'image/gif': { mostBytes: 10 * megabyte, extension: 'gif' },
  'video/mp4': { mostBytes: 100 * megabyte, extension: 'mp4' },
  'audio/mpeg': { mostBytes: 20 * megabyte, extension: 'mp3' },
  'application/pdf': { mostBytes: 20 * megabyte, extension: 'pdf' },
} as const;

export type UploadType = keyof typeof uploadTypes;

/** A file, as far as it was announced or is known. */
export interface UploadedFile {
  id: string;
  contentType: UploadType;
  sizeBytes: number;
}

/** Whether a file of that type and size may be uploaded. */
export const mayBeUploaded = (contentType: string, sizeBytes: number): contentType is UploadType =>
  Object.hasOwn(uploadTypes, contentType) && sizeBytes <= uploadTypes[contentType as UploadType].mostBytes;

export const uploadFolder = 'uploads/';

/**
 * `USER/UUID`, and nothing else: ids come from callers, and what is looked up, signed or removed under them must never be
 * another object of the bucket.
 */
const uploadId =
  /^(?<ownerId>[\w-]{1,128})\/(?<name>[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})$/;

/** A new id for an upload of that user. */
export const newUploadId = (ownerId: string): string => `${ownerId}/${uuidv7()}`;

/** What an id says; null where it is none. */
export function readUploadId(id: string): { ownerId: string; name: string } | null {
  const { ownerId, name } = uploadId.exec(id)?.groups ?? {};
  return ownerId && name ? { ownerId, name } : null;
}

/**
 * The key under which an upload lies.
 * @throws TypeError for what is no id of an upload
 */
export function keyOfUpload(id: string): string {
  if (!readUploadId(id)) throw new TypeError(`an upload's id is a user's id, / and a UUIDv7, not "${id}"`);
  return `${uploadFolder}${id}`;
}

/** The upload that lies under a key; null where that is something else. */
export function uploadAt(key: string): string | null {
  const id = key.startsWith(uploadFolder) ? key.slice(uploadFolder.length) : '';
  return readUploadId(id) && id;
}

/** How S3 is to hand a file out: as what was announced, and to be shown inside a page or saved, but never as a page itself. */
export function handedOut({ id, contentType }: UploadedFile): { contentType: string; contentDisposition: string } {
  const fileName = `${readUploadId(id)?.name}.${uploadTypes[contentType].extension}`;
  return { contentType, contentDisposition: `attachment; filename="${fileName}"` };
}

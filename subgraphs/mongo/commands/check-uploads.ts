import { quoted } from '../../../gateway/errors.ts';
import { badInput } from '../../../gateway/input.ts';
import type { Uploads } from '../../../gateway/request.ts';
import type { Attachment } from '../documents.ts';

/**
 * A post may take an upload that is younger than this. Unused ones are swept when they are twice as old: so none goes while a
 * post that refers to it is being written.
 */
const freshForMs = 86_400_000;

export interface WantedUploads {
  authorId: string;
  attachments: readonly Attachment[];
  /** What the post refers to already: it keeps that, however old. */
  before?: readonly Attachment[];
}

/**
 * Makes sure that the uploads which attachments refer to are there, the author's own and fresh.
 * @throws BAD_USER_INPUT with the argument's path; STORE_UNAVAILABLE where nobody can tell
 */
export async function checkUploads(uploads: Uploads, wanted: WantedUploads): Promise<void> {
  const { authorId, attachments, before = [] } = wanted;
  const known = new Set(before.map(({ uploadId }) => uploadId));
  const news = attachments.flatMap(({ uploadId }, index) =>
    uploadId === undefined || known.has(uploadId) ? [] : [{ uploadId, index }],
  );
  if (news.length === 0) return;
  const found = await uploads.find(news.map(({ uploadId }) => uploadId));
  for (const [n, { uploadId, index }] of news.entries()) {
    const path = ['input', 'attachments', index, 'uploadId'];
    const upload = found[n];
    // Of somebody else's nothing is told, not even that it is there.
    if (upload?.ownerId !== authorId) throw badInput(`There is no upload ${quoted(uploadId)} of the viewer's.`, path);
    if (Date.now() - upload.uploadedAt.getTime() > freshForMs) {
      throw badInput(`The upload ${quoted(uploadId)} is older than a day: upload the file again.`, path);
    }
  }
}

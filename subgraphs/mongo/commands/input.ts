import * as z from 'zod';
import { filledText, idText, text } from '../../../gateway/input.ts';
import { attachmentTypes } from '../../../schema/events/post.ts';
import type { Attachment } from '../documents.ts';

/** What somebody writes, kept as they write it: space at its ends counts only in that there must be something else. */
export const prose = (most: number) => text(most).refine((value) => !isBlank(value), 'is empty');

/** The same where there may be nothing, which is what mere space says. */
export const optionalProse = (most: number) => text(most).transform((value) => (isBlank(value) ? '' : value));

const isBlank = (value: string) => value.trim() === '';

/** A URL that begins in one of these ways; no other can be opened by mistake, such as `javascript:`. */
const urlOf = (protocols: readonly string[]) =>
  text(2_000).refine(
    (url) => protocols.includes(URL.parse(url)?.protocol.slice(0, -1) ?? ''),
    `is not a URL that begins with ${protocols.join(' or ')}`,
  );

/** An upload's id: its owner's, and a UUIDv7 (RFC 9562, section 5.7). */
const uploadId = z
  .string()
  .regex(
    /^[A-Za-z0-9_-]{1,128}\/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    'is no id of an upload',
  );

const attachment = z
  .object({
    type: z.enum(attachmentTypes),
    url: urlOf(['http', 'https', 's3']).nullish(),
    title: optionalProse(200)
      .nullish()
      .transform((title) => title || null),
    uploadId: uploadId.nullish(),
  })
  .superRefine(({ url, uploadId }, { addIssue }) => {
    if (url == null && uploadId == null) addIssue({ code: 'custom', path: ['url'], message: 'is needed, or uploadId' });
    if (url != null && uploadId != null)
      addIssue({ code: 'custom', path: ['uploadId'], message: 'is given beside url' });
  })
  .transform(
    ({ type, url, title, uploadId }): Attachment => ({
      ...{ type, url: url ?? null, title },
      ...(uploadId != null && { uploadId }),
    }),
  );

// Keywords, not prose: they are compared with those that people like.
const tags = z.array(filledText(100)).max(20, 'are at most 20');

/** What an author writes. */
export const postContent = {
  title: prose(200),
  body: prose(10_000),
  attachments: z.array(attachment).max(10, 'are at most 10'),
  tags,
};

const areDistinct = (texts: readonly string[]) => new Set(texts.map((text) => text.trim())).size === texts.length;

/** What a post asks its readers. */
export const poll = z.object({
  options: z
    .array(prose(100))
    .min(2, 'are at least 2')
    .max(10, 'are at most 10')
    .refine(areDistinct, 'are not all different'),
  closesAt: z
    .date()
    .nullish()
    .transform((at) => at ?? null),
});

export type PollInput = z.output<typeof poll>;

/** What somebody tells of themselves. */
export const profileContent = {
  bio: optionalProse(500),
  links: z.array(z.object({ title: prose(100), url: urlOf(['http', 'https']) })).max(5, 'are at most 5'),
  // Each once: derived stores keep them as a set.
  interests: tags.transform((tags) => [...new Set(tags)]),
};

export const commentBody = prose(10_000);

/** The movie that a post is about; null: about none. */
export const movieId = idText.nullish().transform((id) => id ?? null);

export const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, 'has 1 to 128 printable ASCII characters without spaces');

/** When something in the demo data was written. */
export const pastInstant = z.date().refine((at) => at.getTime() <= Date.now(), 'is in the future');

import * as z from 'zod';
import { filledText, idText, text } from '../../../gateway/input.ts';
import { attachmentTypes } from '../../../schema/events/post.ts';

const protocols = ['http:', 'https:', 's3:'];

const attachment = z.object({
  type: z.enum(attachmentTypes),
  url: text(2_000).refine(
    (url) => protocols.includes(URL.parse(url)?.protocol ?? ''),
    'is not a URL that begins with http, https or s3',
  ),
  title: text(200)
    .nullish()
    .transform((title) => title || null),
});

/** What an author writes. */
export const postContent = {
  title: filledText(200),
  body: filledText(10_000),
  attachments: z.array(attachment).max(10, 'are at most 10'),
  tags: z.array(filledText(100)).max(20, 'are at most 20'),
};

export const commentBody = filledText(10_000);

/** The movie that a post is about; null: about none. */
export const movieId = idText.nullish().transform((id) => id ?? null);

export const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, 'has 1 to 128 printable ASCII characters without spaces');

/** When something in the demo data was written. */
export const pastInstant = z.date().refine((at) => at.getTime() <= Date.now(), 'is in the future');

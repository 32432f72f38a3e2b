import * as z from 'zod';

export const attachmentTypes = ['IMAGE', 'VIDEO', 'LINK'] as const;

/** A post was written or edited; carries the whole post after it. */
export const postChanged = z.object({
  postId: z.string(),
  authorId: z.string(),
  /** The movie that it is about; null where it is about none. */
  movieId: z.string().nullable(),
  title: z.string(),
  body: z.string(),
  attachments: z.array(
    z.object({
      type: z.enum(attachmentTypes),
      /** Empty where an upload is attached. */
      url: z.string(),
      title: z.string().nullable(),
      /** The upload in the media bucket; absent where the attachment is elsewhere. */
      uploadId: z.string().optional(),
    }),
  ),
  tags: z.array(z.string()),
  createdAt: z.iso.datetime(),
  /** Null until it is first edited. */
  editedAt: z.iso.datetime().nullable(),
  /** What the post asks its readers; absent where it asks nothing. Never changes. */
  poll: z.object({ options: z.array(z.string()), closesAt: z.iso.datetime().nullable() }).optional(),
});

/** A post was deleted, and with it its comments. */
export const postDeleted = z.object({
  postId: z.string(),
  authorId: z.string(),
  movieId: z.string().nullable(),
  deletedAt: z.iso.datetime(),
  /** When it was written; absent in events from before this was told. */
  createdAt: z.iso.datetime().optional(),
});

/** Somebody commented on a post. The aggregate is the post, whose version it raises. */
export const commentAdded = z.object({
  commentId: z.string(),
  postId: z.string(),
  authorId: z.string(),
  body: z.string(),
  createdAt: z.iso.datetime(),
});

/** Somebody opened a post. Too frequent for an outbox: it goes straight to Kafka, and its version is always 1. */
export const postViewed = z.object({
  postId: z.string(),
  userId: z.string(),
  viewedAt: z.iso.datetime(),
});

/** Somebody voted in a post's poll, for good. The aggregate is the post, whose version it raises. */
export const pollVoted = z.object({
  postId: z.string(),
  userId: z.string(),
  /** The place of the option in the poll, from 0. */
  option: z.int().nonnegative(),
  votedAt: z.iso.datetime(),
});

export const reportReasons = ['SPAM', 'ABUSE', 'SPOILER', 'ILLEGAL', 'OTHER'] as const;

/** Somebody reported a post, once. The aggregate is the post, whose version it raises. */
export const postReported = z.object({
  postId: z.string(),
  reporterId: z.string(),
  reason: z.enum(reportReasons),
  details: z.string(),
  reportedAt: z.iso.datetime(),
});

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
  attachments: z.array(z.object({ type: z.enum(attachmentTypes), url: z.string(), title: z.string().nullable() })),
  tags: z.array(z.string()),
  createdAt: z.iso.datetime(),
  /** Null until it is first edited. */
  editedAt: z.iso.datetime().nullable(),
});

/** A post was deleted, and with it its comments. */
export const postDeleted = z.object({
  postId: z.string(),
  authorId: z.string(),
  movieId: z.string().nullable(),
  deletedAt: z.iso.datetime(),
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

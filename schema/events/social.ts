import * as z from 'zod';

/** Somebody began or ceased to follow somebody. Its aggregate is the edge, whose subject is `follower/followee`. */
export const followChanged = z.object({
  followerId: z.string(),
  followeeId: z.string(),
  /** Whether they follow now. */
  follows: z.boolean(),
  /** Who ended it, where that was not the follower: the followee, by a block. */
  endedBy: z.string().optional(),
  changedAt: z.iso.datetime(),
});

/** Somebody blocked somebody or took it back. Its aggregate is the edge, whose subject is `blocker/blocked`. */
export const blockChanged = z.object({
  blockerId: z.string(),
  blockedId: z.string(),
  /** Whether they block them now. */
  blocks: z.boolean(),
  changedAt: z.iso.datetime(),
});

export const likeKinds = ['POST', 'MOVIE', 'TAG'] as const;
export type LikeKind = (typeof likeKinds)[number];

/** Somebody liked something or took it back. Its aggregate is the edge, whose subject is `user/KIND/target`. */
export const likeChanged = z.object({
  userId: z.string(),
  kind: z.enum(likeKinds),
  /** The post's or movie's id, or the tag itself. */
  targetId: z.string(),
  /** Whether they like it now. */
  likes: z.boolean(),
  changedAt: z.iso.datetime(),
});

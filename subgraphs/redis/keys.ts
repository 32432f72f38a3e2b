/** Names of the keys, one place for readers and the sink. */
export const keys = {
  /** String: views of a movie. */
  views: (movieId: string) => `movie:views:${movieId}`,
  /** Sorted set: movie → views. */
  leaderboard: 'leaderboard:views',
  /** Sorted set: movie → views on that UTC day. */
  leaderboardOfDay: (day: string) => `leaderboard:day:${day}`,
  /** Sorted set: movie → views on the seven UTC days that end with that one. */
  leaderboardOfWeek: (lastDay: string) => `leaderboard:week:${lastDay}`,
  /** Sorted set: movie → decayed views, as weighed at the landmark. */
  trending: 'trending',
  /** String: the moment, in ms since 1970, at which a view weighs 1 in `trending`. */
  trendingLandmark: 'trending:landmark',
  /** String: views of a post. */
  postViews: (postId: string) => `post:views:${postId}`,
  /** Sorted set: user → version of their like of a post, negative where they took it back. */
  postLikes: (postId: string) => `post:likes:${postId}`,
  /** Set: posts that were deleted. */
  deletedPosts: 'posts:deleted',
  /** Sorted set: user → version of the block of them by that user, negative where it was taken back. */
  blocks: (userId: string) => `blocks:${userId}`,
  /** Set: ids of the plays and post views counted, of the events made on that UTC day. */
  seen: (day: string) => `seen:${day}`,
  /** Hash: partition → the next offset that the sink wants. */
  positions: (topic: string) => `sink:positions:${topic}`,
  /** String: the viewer, as JSON. */
  session: (tokenHash: string) => `session:${tokenHash}`,
  probe: 'sink:probe',
} as const;

/** After this time a view is worth half in `trending`. */
export const trendingHalfLifeMs = 24 * 3_600_000;

/**
 * The score of a post: what people did with it in the window, each act by its weight, and halved with every half-life since the
 * hour in which it happened. It is the one of `trendingPosts` and of `Post.engagement`.
 */
export const trending = {
  /** What an act is worth in the hour in which it happens. */
  weights: { VIEW: 1, LIKE: 3, COMMENT: 5 },
  halfLifeHours: 24,
  /** The current hour and those before it; what is older is worth less than a hundredth of its weight. */
  windowHours: 7 * 24,
} as const;

const hourMs = 3_600_000;

/** The hours of the window, as parameters of statements: the first and the current one. */
export function trendingWindow(): { first_hour: Date; this_hour: Date } {
  const thisHourMs = Math.floor(Date.now() / hourMs) * hourMs;
  return { first_hour: new Date(thisHourMs - (trending.windowHours - 1) * hourMs), this_hour: new Date(thisHourMs) };
}

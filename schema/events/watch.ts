import * as z from 'zod';

export const watchActions = ['PLAY', 'PAUSE', 'SEEK', 'STOP'] as const;
export const devices = ['IPHONE', 'ANDROID', 'TABLET', 'WEB', 'TV'] as const;
export const qualities = ['SD', 'HD', 'UHD'] as const;

/**
 * A viewer played, paused, sought in or stopped a movie. One PLAY is one view. Its aggregate, whose version it carries,
 * is the playback of one movie by one user; the event tells the playback's state after it, so that a sink needs no
 * other source.
 */
export const watchRecorded = z.object({
  userId: z.string(),
  movieId: z.string(),
  action: z.enum(watchActions),
  watchedAt: z.iso.datetime(),
  positionSeconds: z.int().nonnegative(),
  /** Seconds watched since the session's previous action. */
  durationSeconds: z.int().nonnegative(),
  device: z.enum(devices),
  quality: z.enum(qualities),
  playback: z.object({
    /** The newest `watchedAt` of this user and movie, this event included: a late event does not turn it back. */
    lastWatchedAt: z.iso.datetime(),
    /** `lastWatchedAt` before this event; null at the first. */
    previousWatchedAt: z.iso.datetime().nullable(),
    /** Where to continue. */
    positionSeconds: z.int().nonnegative(),
    /** Watched to the end: nothing to continue. */
    completed: z.boolean(),
  }),
});

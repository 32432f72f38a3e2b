import * as z from 'zod';

/**
 * What a player measured over a stretch of playback. Too frequent for an outbox: it goes straight to Kafka, and its
 * version is always 1. A player that reports the same stretch again gives the same `measuredAt`.
 */
export const playbackReported = z.object({
  movieId: z.string(),
  userId: z.string(),
  /** Where the player is, such as `eu-west`. */
  region: z.string(),
  /** The server of the content delivery network that sent the stream, such as `eu-west-2`. */
  cdnNode: z.string(),
  /** How often playback stood still to wait for data. */
  bufferingCount: z.int().nonnegative(),
  averageBitrateKbps: z.int().positive(),
  measuredAt: z.iso.datetime(),
});

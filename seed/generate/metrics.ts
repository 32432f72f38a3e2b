import { createRandom } from './random.ts';
import type { Quality, Watch } from './session.ts';

export interface PlaybackMetric {
  movieId: string;
  userId: string;
  region: string;
  cdnNode: string;
  bufferingCount: number;
  averageBitrateKbps: number;
  measuredAt: Date;
}

const regions = ['eu-west', 'eu-central', 'us-east', 'us-west', 'sa-east', 'af-south', 'ap-south', 'ap-northeast'];
const bitrateKbps: Record<Quality, number> = { SD: 1_800, HD: 5_200, UHD: 15_500 };

/** What the player reports for each stretch that was watched; a user stays in one region. */
export function* createPlaybackMetrics(watches: Iterable<Watch>, seed: string): Generator<PlaybackMetric> {
  const random = createRandom(`${seed} playback metrics`);
  for (const { userId, movieId, watchedAt, durationSeconds, quality } of watches) {
    if (durationSeconds === 0) continue;
    const region = createRandom(userId).pick(regions);
    const bufferingCount = random.chance(0.8) ? 0 : random.int(1, 6);
    yield {
      movieId,
      userId,
      region,
      cdnNode: `${region}-${random.int(1, 4)}`,
      bufferingCount,
      averageBitrateKbps: Math.round(bitrateKbps[quality] * (0.85 + 0.25 * random.next()) * 0.96 ** bufferingCount),
      measuredAt: watchedAt,
    };
  }
}

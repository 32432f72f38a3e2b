import { createRandom, type Random } from './random.ts';
import type { Scene } from './scene.ts';
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

/** A stretch of playback, with its end. */
interface Stretch {
  userId: string;
  movieId: string;
  quality: Quality;
  endsAt: Date;
}

/** What players report: each stretch that was watched, and then what is being played at `now`. Each part in order of time. */
export function* createPlaybackMetrics(watches: Iterable<Watch>, scene: Scene): Generator<PlaybackMetric> {
  const random = createRandom(`${scene.seed} playback metrics`);
  for (const { durationSeconds, watchedAt, ...watch } of watches) {
    if (durationSeconds > 0) yield measure({ ...watch, endsAt: watchedAt }, random);
  }
  for (const stretch of playingNow(scene, random)) yield measure(stretch, random);
}

const minuteMs = 60_000;

/**
 * Three players in the middle of Inception, each of which has reported once a minute for an hour: the movie page shows the
 * quality of the last hour from the first moment, however few are watching in a small size of the demo data.
 */
function* playingNow({ users, now }: Scene, random: Random): Generator<Stretch> {
  const players = users.slice(-3).map(({ id }, index) => ({
    userId: id,
    quality: (['UHD', 'HD', 'SD'] as const)[index] as Quality,
    secondsIntoMinute: random.int(1, 59),
  }));
  players.sort((a, b) => b.secondsIntoMinute - a.secondsIntoMinute);
  for (let minute = 59; minute >= 0; minute--) {
    for (const { userId, quality, secondsIntoMinute } of players) {
      const endsAt = new Date(now.getTime() - minute * minuteMs - secondsIntoMinute * 1_000);
      yield { userId, movieId: 'm101', quality, endsAt };
    }
  }
}

/** A user stays in one region. */
function measure({ userId, movieId, quality, endsAt }: Stretch, random: Random): PlaybackMetric {
  const region = createRandom(userId).pick(regions);
  const bufferingCount = random.chance(0.8) ? 0 : random.int(1, 6);
  return {
    movieId,
    userId,
    region,
    cdnNode: `${region}-${random.int(1, 4)}`,
    bufferingCount,
    averageBitrateKbps: Math.round(bitrateKbps[quality] * (0.85 + 0.25 * random.next()) * 0.96 ** bufferingCount),
    measuredAt: endsAt,
  };
}

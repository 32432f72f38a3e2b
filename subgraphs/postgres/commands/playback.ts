/** Where a user stands in a movie. */
export interface Playback {
  version: number;
  /** The newest `watchedAt`. */
  lastWatchedAt: Date;
  positionSeconds: number;
  /** Watched to the end: nothing to continue. */
  completed: boolean;
}

/** What a watch tells of the playback. */
export interface Step {
  action: 'PLAY' | 'PAUSE' | 'SEEK' | 'STOP';
  watchedAt: Date;
  positionSeconds: number;
  runtimeSeconds: number;
}

/** Who closes the player during the credits has seen the movie. */
const completedFrom = 0.95;

/**
 * The playback after a watch. Position and completion are those of the newest watch: one that comes late, because its
 * device was offline, raises the version but turns nothing back. Of two at the same instant the later recorded one counts.
 */
export function advance(before: Playback | undefined, step: Step): Playback {
  const version = (before?.version ?? 0) + 1;
  if (before && step.watchedAt < before.lastWatchedAt) return { ...before, version };
  const { action, watchedAt, positionSeconds, runtimeSeconds } = step;
  const completed = action === 'STOP' && positionSeconds >= completedFrom * runtimeSeconds;
  return { version, lastWatchedAt: watchedAt, positionSeconds, completed };
}

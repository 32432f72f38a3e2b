import type { WatchedMovie } from './points.ts';

/** How many movies make up what somebody watches lately: few enough to follow a change of taste. */
const mostMovies = 10;

/**
 * The movies that were watched last, each with its newest watch; newest first. Of two watches at the same moment the one with
 * the higher event id counts as newer. What falls out never comes back, so the newest of several parts' newest are the newest
 * of all: in whatever parts and however often watches come, the end is the same.
 */
export function newestMovies(watches: Iterable<WatchedMovie>): WatchedMovie[] {
  const newest = new Map<string, WatchedMovie>();
  for (const watch of watches) {
    const known = newest.get(watch.id);
    if (!known || byAge(watch, known) < 0) newest.set(watch.id, watch);
  }
  return [...newest.values()].sort(byAge).slice(0, mostMovies);
}

/** Newest first. */
function byAge(a: WatchedMovie, b: WatchedMovie): number {
  const [x, y] = a.watchedAt === b.watchedAt ? [a.eventId, b.eventId] : [a.watchedAt, b.watchedAt];
  return x > y ? -1 : Number(x < y);
}

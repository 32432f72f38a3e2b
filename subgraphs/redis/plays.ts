import { dayOf } from './days.ts';
import { createdAtMs } from './seen.ts';

/** What both an event and a source of truth tell of a play. */
interface Play {
  eventId: string;
  watchedAt: Date;
}

/** When it was watched, but not after it was recorded: one wrong clock must not outweigh everybody else's views. */
export const playedAtMs = ({ eventId, watchedAt }: Play): number => Math.min(watchedAt.getTime(), createdAtMs(eventId));

/** The day in UTC on whose leaderboards it is. */
export const dayOfPlay = (play: Play): number => dayOf(playedAtMs(play));

import { dayMs, dayOf, nameOfDay } from './days.ts';
import { keys } from './keys.ts';

export type LeaderboardWindow = 'DAY' | 'WEEK' | 'ALL';

/** The leaderboard of a day, or of a week; the one of all time is for ever. */
export interface PassingLeaderboard {
  key: string;
  /** Seconds since 1970. */
  expiresAt: number;
}

/** Nobody reads a leaderboard after its last day; clocks may differ by the day that it stays. */
const passing = (key: string, lastDay: number): PassingLeaderboard => ({
  key,
  expiresAt: ((lastDay + 2) * dayMs) / 1_000,
});

const daysPerWeek = 7;

/** How many leaderboards a play is counted on, beside the one of all time. */
export const leaderboardsPerDay = 1 + daysPerWeek;

/** The leaderboards that a play of a day is counted on: the day's own, and those of the seven weeks that it is a day of. */
export const leaderboardsOf = (day: number): PassingLeaderboard[] => [
  passing(keys.leaderboardOfDay(nameOfDay(day)), day),
  ...Array.from({ length: daysPerWeek }, (_, later) =>
    passing(keys.leaderboardOfWeek(nameOfDay(day + later)), day + later),
  ),
];

/** Whether one of them is still there. */
export const isOnLeaderboards = (day: number, nowMs: number): boolean =>
  leaderboardsOf(day).some(({ expiresAt }) => expiresAt * 1_000 > nowMs);

/** Where to read. A week is the current day in UTC and the six before it. */
export function leaderboardKey(window: LeaderboardWindow, nowMs: number): string {
  const today = nameOfDay(dayOf(nowMs));
  switch (window) {
    case 'DAY':
      return keys.leaderboardOfDay(today);
    case 'WEEK':
      return keys.leaderboardOfWeek(today);
    case 'ALL':
      return keys.leaderboard;
  }
}

import type { Film } from '../films.ts';
import type { Random } from './random.ts';
import type { DemoUser } from './users.ts';

/** Who and what there is, and when: what everything that people do is made from. */
export interface Scene {
  users: DemoUser[];
  films: Film[];
  now: Date;
  seed: string;
}

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

/** A moment from `from` up to, but not including, `until`, both in milliseconds. */
export const momentBetween = (from: number, until: number, random: Random) =>
  new Date(from + Math.floor(random.next() * (until - from)));

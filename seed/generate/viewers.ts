import { type Film, type Genre, genres } from '../films.ts';
import type { Random } from './random.ts';
import { isScripted } from './script.ts';
import type { Device } from './session.ts';
import type { DemoUser } from './users.ts';

/** What a user likes and has seen so far, while their watches are made. */
export interface Viewer {
  id: string;
  taste: Set<Genre>;
  /** The one mostly used, and another. */
  devices: readonly [Device, Device];
  busyUntil: number;
  /** Films that were not watched to the end, with the second to go on from. */
  begun: Map<Film, number>;
  finished: Set<string>;
  isScripted: boolean;
}

const households: readonly (readonly [Device, Device])[] = [
  ['TV', 'IPHONE'],
  ['TV', 'ANDROID'],
  ['TV', 'WEB'],
  ['WEB', 'ANDROID'],
  ['WEB', 'IPHONE'],
  ['IPHONE', 'TABLET'],
  ['ANDROID', 'WEB'],
  ['TABLET', 'TV'],
];

export function createViewers(users: DemoUser[], random: Random): Viewer[] {
  return users.map(({ id }) => ({
    id,
    taste: new Set(random.shuffle(genres).slice(0, random.int(2, 4))),
    devices: random.pick(households),
    busyUntil: 0,
    begun: new Map(),
    finished: new Set(),
    isScripted: isScripted(id),
  }));
}

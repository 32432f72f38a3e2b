import type { Film } from '../films.ts';
import type { Device, Session } from './session.ts';

/** In the last days the demo logins watch what stands here and nothing else, so that their pages show something known. */
export const scriptedDays = 7;

interface Sitting {
  userId: string;
  title: string;
  hoursAgo: number;
  /** Share of the film that is watched; below 0.9 it stays unfinished. */
  share: number;
  device: Device;
}

const sittings: Sitting[] = [
  { userId: 'u123', title: 'Inception', hoursAgo: 144, share: 1, device: 'TV' },
  { userId: 'u123', title: 'Interstellar', hoursAgo: 98, share: 0.4, device: 'TV' },
  { userId: 'u456', title: 'Inception', hoursAgo: 74, share: 0.99, device: 'WEB' },
  { userId: 'u123', title: 'Spirited Away', hoursAgo: 60, share: 0.75, device: 'TABLET' },
  { userId: 'u123', title: 'Paprika', hoursAgo: 36, share: 1, device: 'TV' },
  { userId: 'u456', title: 'Parasite', hoursAgo: 27, share: 0.5, device: 'WEB' },
  { userId: 'u123', title: 'Memento', hoursAgo: 14, share: 0.2, device: 'IPHONE' },
];

export const isScripted = (userId: string) => sittings.some((sitting) => sitting.userId === userId);

/**
 * The scripted sessions in order of time.
 * @throws Error when the catalogue lacks one of their films
 */
export function scriptFor(films: Film[], now: Date): Omit<Session, 'number'>[] {
  return sittings.map(({ userId, title, hoursAgo, share, device }) => {
    const film = films.find((candidate) => candidate.title === title);
    if (!film) throw new Error(`the catalogue has no film "${title}", which ${userId} is to watch`);
    return {
      userId,
      movieId: film.id,
      device,
      startsAt: now.getTime() - hoursAgo * 3_600_000,
      fromSeconds: 0,
      stopAtSeconds: Math.floor(film.runtimeMinutes * 60 * share),
    };
  });
}

import type { Film } from '../films.ts';
import { arrivals } from './arrivals.ts';
import { createRandom, firstAbove, type Random, zipf } from './random.ts';
import { scriptedDays, scriptFor } from './script.ts';
import { playSession, type Session, type Watch } from './session.ts';
import type { DemoUser } from './users.ts';
import { createViewers, type Viewer } from './viewers.ts';

const dayMs = 86_400_000;
export const historyDays = 30;

export interface WatchPlan {
  users: DemoUser[];
  films: Film[];
  sessions: number;
  now: Date;
  seed: string;
}

/**
 * The watches of the 30 days before `now`, in order of time, made while they are read: what is kept is one entry a user,
 * and the watches still to come of the sessions under way. Whoever is still watching at `now` has not stopped yet.
 */
export function* createWatches({ users, films, sessions, now, seed }: WatchPlan): Generator<Watch> {
  const random = createRandom(`${seed} watches`);
  const script = scriptFor(films, now);
  const viewers = createViewers(users, random);
  const chooseFilm = filmChooser(films, random);
  const drawViewer = zipf(viewers.length, { exponent: 0.5, shift: 3 });
  const from = now.getTime() - historyDays * dayMs;
  const scriptStartsAt = now.getTime() - scriptedDays * dayMs;
  const underWay: Watch[] = [];
  let number = 0;

  const begin = (session: Omit<Session, 'number'>) => {
    const watches = playSession({ ...session, number: number++ }, random);
    for (const watch of watches) insertByTime(underWay, watch);
    return (watches.at(-1) as Watch).watchedAt.getTime();
  };
  const isFree = (viewer: Viewer, time: number) =>
    viewer.busyUntil < time && !(viewer.isScripted && time >= scriptStartsAt);

  for (const time of arrivals({ count: sessions - script.length, from, until: now.getTime() }, random)) {
    while (script[0] && script[0].startsAt <= time) begin(script.shift() as Omit<Session, 'number'>);
    while (underWay[0] && underWay[0].watchedAt.getTime() <= time) yield underWay.shift() as Watch;
    const viewer = firstFrom(viewers, drawViewer(random), (candidate) => isFree(candidate, time));
    if (!viewer) continue;
    const device = random.chance(0.75) ? viewer.devices[0] : viewer.devices[1];
    viewer.busyUntil = begin({ userId: viewer.id, device, startsAt: time, ...chooseFilm(viewer) });
  }
  for (const session of script) begin(session);
  for (const watch of underWay) if (watch.watchedAt < now) yield watch;
}

/** Goes on with an unfinished film now and then; else draws a popular one until it is new to the viewer and to their taste. */
function filmChooser(films: Film[], random: Random) {
  const ranked = byPopularity(films);
  const drawFilm = zipf(ranked.length, { exponent: 0.9, shift: 4 });
  const isWelcome = (viewer: Viewer, film: Film) =>
    !viewer.finished.has(film.id) && (film.genres.some((genre) => viewer.taste.has(genre)) || random.chance(0.3));

  return (viewer: Viewer) => {
    const [begun] = viewer.begun;
    const goesOn = begun && random.chance(0.3);
    let film = goesOn ? begun[0] : (ranked[drawFilm(random)] as Film);
    for (let tries = 0; !goesOn && tries < 5 && !isWelcome(viewer, film); tries++) {
      film = ranked[drawFilm(random)] as Film;
    }
    const runtimeSeconds = film.runtimeMinutes * 60;
    const fromSeconds = viewer.begun.get(film) ?? 0;
    const finishes = random.chance(0.55);
    const share = finishes ? 0.97 + 0.03 * random.next() : 0.05 + 0.85 * random.next();
    const stopAtSeconds = finishes
      ? Math.floor(runtimeSeconds * share)
      : Math.floor(fromSeconds + (runtimeSeconds * 0.9 - fromSeconds) * share);
    viewer.begun.delete(film);
    if (finishes) viewer.finished.add(film.id);
    else viewer.begun.set(film, stopAtSeconds);
    return { movieId: film.id, fromSeconds, stopAtSeconds };
  };
}

/** Inception first; of the others, newer films tend to stand higher. The same in every size of the demo data. */
function byPopularity(films: Film[]): Film[] {
  const random = createRandom('popularity');
  const newest = Math.max(...films.map((film) => film.releaseYear));
  const order = new Map(films.map((film) => [film, random.next() * (1 + (newest - film.releaseYear) / 15)]));
  return films.toSorted((a, b) => {
    if (a.id === 'm101' || b.id === 'm101') return a.id === 'm101' ? -1 : 1;
    return (order.get(a) as number) - (order.get(b) as number);
  });
}

/** The first item that fits, looking from `start` to the end and then from the beginning. */
function firstFrom<T>(items: T[], start: number, fits: (item: T) => boolean): T | undefined {
  for (let step = 0; step < items.length; step++) {
    const item = items[(start + step) % items.length] as T;
    if (fits(item)) return item;
  }
  return undefined;
}

function insertByTime(watches: Watch[], watch: Watch): void {
  const index = firstAbove(watches, (other) => other.watchedAt > watch.watchedAt);
  watches.splice(index, 0, watch);
}

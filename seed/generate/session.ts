import type { devices, qualities, watchActions } from '../../schema/events/watch.ts';
import type { Random } from './random.ts';

export interface Watch {
  userId: string;
  movieId: string;
  action: (typeof watchActions)[number];
  watchedAt: Date;
  positionSeconds: number;
  /** Seconds watched since the session's previous action; 0 for PLAY. */
  durationSeconds: number;
  device: Device;
  quality: Quality;
  /** Tells this watch from every other of the demo data, so that a load can be repeated. */
  idempotencyKey: string;
}
export type Device = (typeof devices)[number];
export type Quality = (typeof qualities)[number];

/** One sitting: who sees what, from when, and from which to which second of the film. */
export interface Session {
  number: number;
  userId: string;
  movieId: string;
  device: Device;
  startsAt: number;
  fromSeconds: number;
  stopAtSeconds: number;
}

const qualitiesOf: Record<Device, Quality[]> = {
  TV: ['UHD', 'UHD', 'HD'],
  WEB: ['HD', 'HD', 'SD', 'UHD'],
  TABLET: ['HD', 'HD', 'SD'],
  IPHONE: ['HD', 'SD'],
  ANDROID: ['HD', 'SD', 'SD'],
};

/**
 * The watches of one session in order: PLAY, up to three PAUSEs and SEEKs, STOP. One PLAY is one view, so playing on
 * after a pause has no action of its own: the clock goes on while the film stands still. Seeks go forward only.
 */
export function playSession(session: Session, random: Random): Watch[] {
  const quality = random.pick(qualitiesOf[session.device]);
  const watches: Watch[] = [];
  let time = session.startsAt;
  let position = session.fromSeconds;
  const act = (action: Watch['action'], durationSeconds: number) =>
    watches.push({
      userId: session.userId,
      movieId: session.movieId,
      action,
      watchedAt: new Date(time),
      positionSeconds: position,
      durationSeconds,
      device: session.device,
      quality,
      idempotencyKey: `demo-${session.number}-${watches.length}`,
    });
  const watch = (seconds: number) => {
    time += seconds * 1000;
    position += seconds;
    return seconds;
  };

  act('PLAY', 0);
  for (let left = random.int(0, 3); left > 0; left--) {
    const watched = watch(Math.floor((session.stopAtSeconds - position) * (0.1 + 0.5 * random.next())));
    if (random.chance(0.6)) {
      act('PAUSE', watched);
      time += random.int(20, 900) * 1000;
    } else {
      position += Math.min(random.int(10, 240), Math.floor((session.stopAtSeconds - position) / 2));
      act('SEEK', watched);
    }
  }
  act('STOP', watch(session.stopAtSeconds - position));
  return watches;
}

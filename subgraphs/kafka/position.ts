import { codedError, notFound } from '../../gateway/errors.ts';
import { requireViewer } from '../../gateway/room.ts';
import type { EventPosition } from './queries.ts';
import type { RoomContext } from './store.ts';

/** What a source of truth told the gateway of an event; null where it could not be asked. */
interface Told {
  isKnown?: boolean | null;
  type?: string | null;
  topic?: string | null;
  partition?: number | null;
  offset?: string | null;
  /** As the gateway hands it on: text. */
  publishedAt?: Date | string | null;
}

/** An event's representation. */
export interface ToldEvent {
  id?: string;
  inPostgres?: Told | null;
  inMongo?: Told | null;
}

/** An event of the viewer's. */
export interface KnownEvent extends EventPosition {
  publishedAt: Date | null;
}

/**
 * The event as the source of truth tells it that has it. That is the one which knows whose it is: to others than its actor
 * it does not exist.
 * @throws UNAUTHENTICATED for a visitor; NOT_FOUND when no source has it; STORE_UNAVAILABLE when one that might cannot be asked
 */
export async function eventOf(event: ToldEvent, { request, store }: RoomContext): Promise<KnownEvent> {
  await requireViewer(request);
  const { id = '', inPostgres, inMongo } = event;
  const told = [inPostgres, inMongo].find((place) => place?.isKnown);
  if (told) {
    const { type, topic = null, partition = null, offset = null, publishedAt } = told;
    return { id, type: type ?? '', topic, partition, offset, publishedAt: publishedAt ? new Date(publishedAt) : null };
  }
  const answers = { postgres: inPostgres, mongo: inMongo };
  // One that is switched off never answers: it has no event that anybody could see.
  const silent = store.sources.filter((name) => !answers[name]);
  if (silent.length === 0) throw notFound('event', id);
  throw codedError('STORE_UNAVAILABLE', `${silent.join(' and ')} cannot tell now whether there is such an event.`, {
    store: silent[0],
  });
}

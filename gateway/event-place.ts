import { codeOf, errorCodes } from './errors.ts';
import type { RequestContext } from './request.ts';

/** An event as a source of truth has it, waiting or published; what is not known yet is null. */
export interface EventRow {
  type: string;
  /** Who caused it; null where the system did. */
  actorId: string | null;
  topic: string | null;
  partition: number | null;
  offset: string | null;
  publishedAt: Date | null;
}

/**
 * What a source of truth tells the rooms of an event: where it stands, for the user who caused it; to others it does not exist.
 * @param find looks the event up; null for one that this source does not know
 * @returns null where the store, or that of the sessions, cannot be asked
 */
export async function eventPlace(request: RequestContext, find: () => Promise<EventRow | null>) {
  try {
    const viewer = await request.viewer();
    const event = viewer && (await find());
    if (!event || event.actorId !== viewer.userId) return { isKnown: false };
    return { isKnown: true, ...event };
  } catch (error) {
    const code = codeOf(error);
    if (code && errorCodes[code].retryable) return null;
    throw error;
  }
}

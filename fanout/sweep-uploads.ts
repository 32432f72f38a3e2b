import type { Settings } from '../config.ts';
import { patiently } from '../gateway/guard.ts';
import { type OpenedRooms, openRooms } from '../gateway/open.ts';
import type { Uploads } from '../gateway/request.ts';
import type { OpenRoom, Room } from '../gateway/room.ts';

/**
 * Nothing younger is looked at. A post may begin to refer to an upload for half of that time, so that none does between the
 * question and the removal.
 */
const graceMs = 48 * 3_600_000;

export interface Sweep {
  rooms: readonly Room[];
  settings: Settings;
  /** Is told what has been removed, some at a time. */
  onRemoved(ids: readonly string[]): void;
  /** Removes uploads though the store that would refer to them has no document at all, and may have been lost. */
  evenWithoutDocuments?: boolean;
  /** Ends the sweep before the next page. */
  signal?: AbortSignal;
  /** @default now */
  now?: Date;
}

/** The rooms that have to do with uploads and are switched off: while there are any, nothing can be swept. */
export const offForUploads = (rooms: readonly Room[], { without }: Settings): string[] =>
  rooms.flatMap(({ name, uploads }) => (uploads && without.has(name) ? [name] : []));

/**
 * Removes the uploads that are older than two days and that nothing refers to. What is used is asked of its source, a page of
 * uploads at a time; nothing counts references. Safe to repeat, to end anywhere, and to run twice at once.
 * @throws Error where a room that has to do with uploads is switched off; where its store does not answer: what could not be
 * asked about stays; and `NothingReferred` where its store is empty, unless that is said to be right
 */
export async function sweepUploads(sweep: Sweep): Promise<void> {
  const { rooms, settings, onRemoved, evenWithoutDocuments = false, signal, now = new Date() } = sweep;
  const off = offForUploads(rooms, settings);
  if (off.length > 0)
    throw new Error(`uploads stay as they are: ${off.join(' and ')} cannot be asked, being switched off`);
  const concerned = rooms.filter(({ uploads }) => uploads);
  await using opened = openRooms(concerned, settings);
  const { uploads, askers } = partiesOf(opened);
  const before = new Date(now.getTime() - graceMs);
  await patiently(async () => {
    for await (const ids of uploads.storedBefore(before)) {
      signal?.throwIfAborted();
      if (ids.length === 0) continue;
      const used = await Promise.all(
        askers.map(async ({ room, usedAmong, isEmpty }) => {
          const some = await usedAmong(ids);
          if (some.size === 0 && !evenWithoutDocuments && (await isEmpty())) throw new NothingReferred(room);
          return some;
        }),
      );
      const unused = ids.filter((id) => !used.some((some) => some.has(id)));
      await uploads.remove(unused);
      if (unused.length > 0) onRemoved(unused);
    }
  });
}

/** There are uploads, and nothing that could refer to any: a store that is new beside files that are not, or one that was lost. */
export class NothingReferred extends Error {
  constructor(room: string) {
    super(
      `uploads stay as they are: ${room} has nothing at all that could refer to them, and may have been lost; ` +
        'npm run fanout -- sweep --even-without-posts removes them',
    );
  }
}

interface Parties {
  uploads: Uploads;
  askers: readonly Asker[];
}

interface Asker {
  room: string;
  /** Tells which of some uploads its documents refer to. */
  usedAmong: NonNullable<OpenRoom['usedUploads']>;
  isEmpty: NonNullable<OpenRoom['isWithoutDocuments']>;
}

/** Who keeps uploads, and everybody who may refer to them: one that cannot be asked would lose its files. */
function partiesOf({ list }: OpenedRooms): Parties {
  const uploads = list.find(({ open }) => open?.uploads)?.open?.uploads;
  if (!uploads) throw new Error('there is no room that keeps uploads');
  const users = list.filter(({ room }) => room.uploads === 'uses');
  if (users.length === 0) throw new Error('there is no room that uses uploads: all of them would go');
  const askers = users.map(({ room, open }) => {
    const { usedUploads: usedAmong, isWithoutDocuments: isEmpty } = open ?? {};
    if (!usedAmong || !isEmpty) throw new Error(`${room.name} uses uploads, and does not tell which`);
    return { room: room.name, usedAmong, isEmpty };
  });
  return { uploads, askers };
}

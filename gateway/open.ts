import type { Settings } from '../config.ts';
import type { OpenRoom, Room, RoomServices, SinkInfo } from './room.ts';

export interface OpenedRoom {
  room: Room;
  /** Null for a room without a store, for one that is switched off, and for one that this process does without. */
  open: OpenRoom | null;
  isOff: boolean;
}

/** The rooms of one process, opened. */
export interface OpenedRooms extends AsyncDisposable {
  list: readonly OpenedRoom[];
  /** The open room of that name; undefined where it has no store or is switched off. */
  get(name: string): OpenRoom | undefined;
}

/** A store that is closed at the end of its scope: `await using`. */
export const closing = <Store extends { close(): Promise<void> }>(store: Store) => ({
  store,
  [Symbol.asyncDispose]: () => store.close(),
});

/** The sinks of all rooms that are not switched off. */
export const activeSinks = (rooms: readonly Room[], { without }: Settings): SinkInfo[] =>
  rooms.flatMap(({ name, consumes }) => (consumes && !without.has(name) ? [{ name, consumes }] : []));

/**
 * Opens the store of every room that is not switched off; waits for none of them.
 * @param isNeeded whether this process asks the room's store itself
 */
export function openRooms(
  rooms: readonly Room[],
  settings: Settings,
  isNeeded: (room: Room) => boolean = () => true,
): OpenedRooms {
  const services: RoomServices = {
    settings,
    sinks: activeSinks(rooms, settings),
  };
  const list = rooms.map((room) => {
    const isOff = settings.without.has(room.name);
    return { room, isOff, open: isOff || !isNeeded(room) ? null : (room.open?.(services) ?? null) };
  });
  return {
    list,
    get: (name) => list.find(({ room }) => room.name === name)?.open ?? undefined,
    [Symbol.asyncDispose]: async () => {
      await Promise.allSettled(list.map(({ open }) => open?.store.close()));
    },
  };
}

import type { OpenedRooms } from './open.ts';

/** Which stores answer. Whoever listens is ready: a dead store costs its own fields only. */
export interface Readiness {
  status: 'ready';
  /** `up`, `down` or `off`, by name. */
  stores: Record<string, string>;
}

/** Something else than a room's store that can be asked, such as a subgraph behind HTTP. */
export interface Probe {
  name: string;
  ping(): Promise<unknown>;
}

/** Asks every store of this process. */
export async function readiness({ list }: OpenedRooms, elsewhere: readonly Probe[] = []): Promise<Readiness> {
  const off = list.flatMap(({ room, isOff }) => (isOff ? [[room.name, 'off']] : []));
  const here = list.flatMap(({ room, open }) => (open ? [{ name: room.name, ping: () => open.store.ping() }] : []));
  const asked = [...here, ...elsewhere].map(({ name, ping }) =>
    ping().then(
      () => [name, 'up'],
      () => [name, 'down'],
    ),
  );
  return { status: 'ready', stores: Object.fromEntries([...off, ...(await Promise.all(asked))]) };
}

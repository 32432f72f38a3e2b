import type { GraphQLDataSource } from '@apollo/gateway';
import type { Logger } from 'pino';
import type { Settings } from '../config.ts';
import { overHttp, type RemoteSubgraph } from './http-transport.ts';
import type { OpenedRooms } from './open.ts';
import type { GatewayContext } from './plugins.ts';
import type { Probe } from './readiness.ts';
import type { Room } from './room.ts';
import { subgraphSecret } from './subgraph-secret.ts';
import { inProcess } from './transport.ts';

/** What answers the fetches of each subgraph: in process, or where its URL is set, over HTTP. */
export interface SubgraphServices extends AsyncDisposable {
  /** @throws Error when there is no such subgraph */
  get(name: string): GraphQLDataSource<GatewayContext>;
  /** The subgraphs behind HTTP. */
  remote: readonly Probe[];
}

export interface ServicesOptions {
  opened: OpenedRooms;
  settings: Settings;
  logger: Logger;
}

/** Whether the gateway asks the room's store itself: it does for a room in its process, for sessions and for uploads. */
export const isNeededByGateway = (room: Room, { subgraphs }: Settings): boolean =>
  room.sessions === 'keeps' || room.uploads === 'keeps' || !subgraphs.urls.has(room.name);

/**
 * Makes each subgraph's data source, once.
 * @throws Error when a URL is for a subgraph that there is not, or the secret is too short
 */
export function createServices({ opened, settings, logger }: ServicesOptions): SubgraphServices {
  const { urls } = settings.subgraphs;
  const names = opened.list.map(({ room }) => room.name);
  for (const name of urls.keys()) {
    if (names.includes(name)) continue;
    throw new Error(`SUBGRAPH_${name.toUpperCase()}_URL is set, but the subgraphs are ${names.join(', ')}.`);
  }
  const sources = new Map<string, GraphQLDataSource<GatewayContext>>();
  const remote: (RemoteSubgraph & { name: string })[] = [];
  for (const room of opened.list) {
    const { name } = room.room;
    const url = urls.get(name);
    // What is switched off is asked nowhere.
    if (url === undefined || room.isOff) {
      sources.set(name, inProcess(room, logger));
      continue;
    }
    const subgraph = overHttp(room, { url, secret: subgraphSecret(settings), settings, logger });
    sources.set(name, subgraph.source);
    remote.push({ name, ...subgraph });
  }
  return {
    remote,
    get(name) {
      const source = sources.get(name);
      if (!source) throw new Error(`The supergraph names a subgraph ${name}; there are: ${names.join(', ')}.`);
      return source;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.allSettled(remote.map(({ close }) => close()));
    },
  };
}

import type { GraphQLDataSource } from '@apollo/gateway';
import type { Logger } from 'pino';
import type { Settings } from '../config.ts';
import { documentCache } from './documents.ts';
import { codedError } from './errors.ts';
import type { Answer, Execution } from './execution.ts';
import { createHttpCall } from './http-call.ts';
import { openHttpClient, type Reply } from './http-client.ts';
import type { OpenedRoom } from './open.ts';
import type { GatewayContext } from './plugins.ts';
import { remoteErrors } from './remote-errors.ts';
import { createStandIn } from './stand-in.ts';
import { dataSource } from './transport.ts';
import { remoteCalls } from './xray-remote.ts';

export interface HttpTransportOptions {
  /** The subgraph's GraphQL endpoint; its path is `/graphql`, where the URL has none. */
  url: string;
  /** By what the subgraph knows the gateway; see `subgraphSecret`. */
  secret: Uint8Array;
  settings: Settings;
  logger: Logger;
}

/** A subgraph behind HTTP. */
export interface RemoteSubgraph {
  source: GraphQLDataSource<GatewayContext>;
  /** @throws where it does not say that it and its store can be asked */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** The HTTP transport: fetches are answered by the same room in another process; whatever comes back, no fetch throws. */
export function overHttp(opened: OpenedRoom, options: HttpTransportOptions): RemoteSubgraph {
  const { room } = opened;
  const { logger } = options;
  const parse = documentCache();
  const client = openHttpClient(room.name, options.url);
  const call = createHttpCall({ ...options, room, client, parse });
  const standIn = createStandIn(room, parse);
  const message = `The subgraph ${room.name} cannot be asked right now.`;
  const withoutAsking = { reason: codedError('STORE_UNAVAILABLE', message, { store: room.name }) };

  const execution: Execution = {
    answerWithout: (fetch) => standIn(fetch, withoutAsking),
    async answer(fetch, request) {
      const { reply, reason, askedAtMs } = await call(fetch, request);
      const { data, errors, extensions } = partsOf(reply);
      const filled = await standIn(fetch, { data, reason });
      if (reply && filled.errors) {
        const fields = filled.errors.slice(0, mostFieldsTold).map(({ path }) => path?.join('.'));
        logger.warn({ subgraph: room.name, came: describe(reply), fields }, 'a subgraph gave no proper answer');
      }
      request.xray?.noteRemote(remoteCalls(extensions), { operation: fetch.query, startMs: askedAtMs });
      const all = [...remoteErrors(errors, { data: filled.data, reason }), ...(filled.errors ?? [])];
      return { data: filled.data, ...(all.length > 0 && { errors: all }) } as Answer;
    },
  };
  return {
    source: dataSource(opened, { transport: 'http', execution, logger }),
    ping: client.ping,
    close: client.close,
  };
}

const mostFieldsTold = 5;

/** The parts of an answer in GraphQL's form (specification, section 7.1), none of which need be right; nothing for anything else. */
function partsOf(reply: Reply | null): { data?: unknown; errors?: unknown; extensions?: unknown } {
  if (reply?.status !== 200) return {};
  try {
    return (JSON.parse(reply.body) as object | null) ?? {};
  } catch {
    return {};
  }
}

/** What came, without its content: that may be anybody's. */
const describe = ({ status, contentType, body }: Reply) =>
  `status ${status}, ${contentType.slice(0, 60)}, ${body.length} characters`;

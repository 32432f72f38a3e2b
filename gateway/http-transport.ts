import { channel } from 'node:diagnostics_channel';
import type { GraphQLDataSource } from '@apollo/gateway';
import type { Logger } from 'pino';
import type { Settings } from '../config.ts';
import { codedError, codeOf, type ErrorCode } from './errors.ts';
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

/** One fetch that a subgraph behind HTTP was to answer, as `subgraphCalls` publishes it once it has ended. */
export interface SubgraphCall {
  subgraph: string;
  /** Why a part of it has no proper answer; null where all of it has. What its own fields say of their stores does not count. */
  code: ErrorCode | null;
  /** Null where it was never sent, as with an open breaker. */
  durationMs: number | null;
}

/** Every `SubgraphCall` of this process. */
export const subgraphCalls = channel('streamshop:subgraph');

/** The HTTP transport: fetches are answered by the same room in another process; whatever comes back, no fetch throws. */
export function overHttp(opened: OpenedRoom, options: HttpTransportOptions): RemoteSubgraph {
  const { room } = opened;
  const { logger } = options;
  const client = openHttpClient(room.name, options.url);
  const call = createHttpCall({ ...options, room, client });
  const standIn = createStandIn(room);
  const message = `The subgraph ${room.name} cannot be asked right now.`;
  const withoutAsking = { reason: codedError('STORE_UNAVAILABLE', message, { store: room.name }) };

  const execution: Execution = {
    answerWithout: (fetch) => standIn(fetch, withoutAsking),
    async answer(fetch, request) {
      const { reply, reason, askedAtMs, durationMs } = await call(fetch, request);
      const { data, errors, extensions } = partsOf(reply);
      const filled = await standIn(fetch, { data, reason });
      const code = reply && !filled.errors ? null : (codeOf(reason) ?? null);
      subgraphCalls.publish({ subgraph: room.name, code, durationMs } satisfies SubgraphCall);
      if (reply && filled.errors) {
        const fields = filled.errors.slice(0, mostFieldsTold).map(({ path }) => path?.join('.'));
        logger.warn({ subgraph: room.name, came: describe(reply), fields }, 'a subgraph gave no proper answer');
      }
      request.xray?.noteRemote(remoteCalls(extensions), askedAtMs);
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

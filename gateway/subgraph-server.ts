import fastify, { type FastifyError, type FastifyReply, type FastifyRequest } from 'fastify';
import type { GraphQLFormattedError } from 'graphql';
import type { Logger } from 'pino';
import type { Settings } from '../config.ts';
import { codedError, type ErrorCode } from './errors.ts';
import { createExecution, type Fetch } from './execution.ts';
import { type BodyVerifier, createPassVerifier, type Pass } from './gateway-pass.ts';
import { serveMetrics } from './metrics.ts';
import { openRooms } from './open.ts';
import { errorFormatter } from './plugins.ts';
import { readiness } from './readiness.ts';
import { type RequestContext, withOrigin } from './request.ts';
import type { Room } from './room.ts';
import { sessionsOf } from './sessions.ts';
import { subgraphSecret } from './subgraph-secret.ts';
import { isTraced } from './tracing.ts';
import { withServerSpan } from './tracing-http.ts';
import { uploadsOf } from './uploads.ts';
import { observeForXray, startXray } from './xray.ts';

/** A running subgraph. */
export interface Subgraph extends AsyncDisposable {
  /** The GraphQL endpoint: what `SUBGRAPH_<NAME>_URL` is set to. */
  url: string;
}

export interface SubgraphOptions {
  settings: Settings;
  /** The subgraph's name. */
  name: string;
  /** Every room: some serve others, and Kafka's tells of all sinks. */
  rooms: readonly Room[];
  logger: Logger;
  port: number;
}

/** A fetch's entities are what one page shows: thousands of ids at most. */
const maxBodyBytes = 16 * 1024 * 1024;
/** The pass is a header, and names whom the viewer blocks: a thousand UUIDs, in JSON and then in Base64. */
const maxHeaderBytes = 64 * 1024;

/**
 * Serves one room over HTTP, for the gateway alone. The store is connected on first use, as in the gateway.
 * @throws Error that lists the names, when there is no such room; when the port is taken
 */
export async function startSubgraph({ settings, name, rooms, logger, port }: SubgraphOptions): Promise<Subgraph> {
  const served = rooms.find((room) => room.name === name);
  if (!served) throw new Error(`there is no subgraph ${name}; there are: ${rooms.map(({ name }) => name).join(', ')}`);
  const verify = createPassVerifier(subgraphSecret(settings), name);
  const isNeeded = (room: Room) =>
    room === served ||
    (served.sessions === 'uses' && room.sessions === 'keeps') ||
    (served.uploads === 'uses' && room.uploads === 'keeps');
  const opened = openRooms(rooms, settings, isNeeded);
  const isOff = settings.without.has(name);
  const execution = createExecution({ room: served, open: opened.get(name) ?? null, isOff }, logger);
  const kept = { sessions: sessionsOf(opened), uploads: uploadsOf(opened) };
  const format = errorFormatter(logger);
  // Where in the fetch a field stands tells nobody anything.
  const told = (error: GraphQLFormattedError) => {
    const { message, path, extensions } = error;
    return format({ message, path, extensions }, error);
  };
  observeForXray();

  const http = fastify({
    bodyLimit: maxBodyBytes,
    forceCloseConnections: 'idle',
    http: { maxHeaderSize: maxHeaderBytes },
  });
  // The pass vouches for the body as it came, so it is parsed only afterwards.
  http.removeAllContentTypeParsers();
  http.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_, body, done) => done(null, body));
  http.setErrorHandler<FastifyError>((error, _, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) logger.error({ err: error }, 'a fetch failed outside of GraphQL');
    return refuse(reply, status, status < 500 ? 'BAD_REQUEST' : 'INTERNAL_SERVER_ERROR');
  });

  const refuseStranger = (reply: FastifyReply, error: unknown) => {
    logger.warn({ reason: (error as Error).message.slice(0, 200) }, 'a call without a valid pass was refused');
    return refuse(reply, 401, 'UNAUTHENTICATED');
  };
  const arriving = new WeakMap<FastifyRequest, BodyVerifier>();
  // Before the body: whoever has no pass gets no memory for one.
  const onRequest = async (call: FastifyRequest, reply: FastifyReply) => {
    try {
      arriving.set(call, await verify(/^Bearer (.+)$/.exec(call.headers.authorization ?? '')?.[1] ?? ''));
    } catch (error) {
      return refuseStranger(reply, error);
    }
  };

  http.post('/graphql', { onRequest }, async (call, reply) => {
    let pass: Pass;
    try {
      pass = (arriving.get(call) as BodyVerifier)(call.body as Buffer);
    } catch (error) {
      return refuseStranger(reply, error);
    }
    const fetch = JSON.parse(String(call.body)) as Fetch;
    const request = requestOf(pass, kept);
    return await withServerSpan(pass.traceparent, { request: call, reply }, async () => {
      const origin = { request, subgraph: name, isObserved: Boolean(request.xray) || isTraced() };
      const { data, errors } = await withOrigin(origin, () => execution.answer(fetch, request));
      const report = request.xray?.report({ mayShowValues: pass.xray === 'values', traceId: null });
      return {
        data,
        ...(errors && { errors: errors.map((error) => told(error)) }),
        ...(report && { extensions: { xray: { calls: report.calls } } }),
      };
    });
  });
  http.get('/', () => `StreamShop's subgraph ${name}. It serves only the gateway, at /graphql.\n`);
  http.get('/health', () => ({ status: 'up' }));
  http.get('/ready', () => readiness(opened));
  serveMetrics(http, opened, settings);
  const address = await http.listen({ host: settings.gateway.host, port });

  return {
    url: `${address}/graphql`,
    [Symbol.asyncDispose]: async () => {
      await http.close();
      await opened[Symbol.asyncDispose]();
    },
  };
}

/** The request as the gateway vouches for it. */
function requestOf(pass: Pass, kept: Pick<RequestContext, 'sessions' | 'uploads'>): RequestContext {
  const { requestId: id, sessionKey, mustBeFresh, viewer, viewerError, xray } = pass;
  const deadline = performance.now() + pass.budgetMs;
  return {
    id,
    sessionKey,
    ...kept,
    mustBeFresh,
    xray: xray === 'none' ? undefined : startXray(),
    viewer: async () => {
      if (viewerError) throw codedError(viewerError.code, viewerError.message, viewerError);
      return viewer;
    },
    remainingMs: () => Math.max(0, deadline - performance.now()),
  };
}

const refusals: Partial<Record<ErrorCode | 'BAD_REQUEST', string>> = {
  UNAUTHENTICATED: 'This subgraph serves only its gateway.',
  BAD_REQUEST: 'This is no fetch of the gateway.',
};

const refuse = (reply: FastifyReply, status: number, code: ErrorCode | 'BAD_REQUEST') =>
  reply.status(status).send({
    errors: [{ message: refusals[code] ?? 'Something went wrong here.', extensions: { code, retryable: false } }],
  });

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApolloGateway } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginLandingPageLocalDefault } from '@apollo/server/plugin/landingPage/default';
import { fastifyApolloDrainPlugin, fastifyApolloHandler } from '@as-integrations/fastify';
import fastify, { type FastifyError } from 'fastify';
import type { Logger } from 'pino';
import { root, type Settings } from '../config.ts';
import { explorerFolder } from '../web/explorer/build.ts';
import { createRequest } from './context.ts';
import { serveExplorer } from './explorer.ts';
import { serveMetrics } from './metrics.ts';
import { type OpenedRooms, openRooms } from './open.ts';
import { operationMetricsPlugin } from './operation-metrics.ts';
import {
  errorFormatter,
  errorPlacesPlugin,
  type GatewayContext,
  logPlugin,
  operationPlugin,
  readAfterPlugin,
  xrayPlugin,
} from './plugins.ts';
import type { AskedEvent, SinkState } from './read-after.ts';
import { readiness } from './readiness.ts';
import type { RequestContext } from './request.ts';
import { type Requirers, requirersIn } from './requirers.ts';
import type { Room } from './room.ts';
import { startRounds } from './rounds.ts';
import { teachScalars } from './scalars.ts';
import { sessionsOf } from './sessions.ts';
import { measureSubgraphs } from './subgraph-metrics.ts';
import { createServices, isNeededByGateway } from './subgraph-services.ts';
import { supergraphFromFile } from './supergraph-file.ts';
import { operationSpanPlugin, tracedHandler } from './tracing-http.ts';
import { uploadsOf } from './uploads.ts';
import { observeForXray, startXray, type Xray } from './xray.ts';

/** A running gateway with all its subgraphs in process. */
export interface Gateway extends AsyncDisposable {
  /** The GraphQL endpoint. */
  url: string;
  rooms: OpenedRooms;
}

export interface GatewayOptions {
  settings: Settings;
  rooms: readonly Room[];
  logger: Logger;
}

/** The operation of `schema/operations` that shows everything: Sandbox opens with it, start-up prints it. */
export const moviePageOperation = readFileSync(join(root, 'schema', 'operations', 'movie-page.graphql'), 'utf8');

const maxBodyBytes = 256 * 1024;
/** An event of which nobody can tell right now. */
const unknownEvent: AskedEvent = { type: '', sinks: [] };
/** Longest operation in lexical tokens: the movie page has about 200, Sandbox's introspection about 400. */
const maxTokens = 1_500;

/**
 * Starts the endpoint. Stores are connected on first use, so it starts, and answers what it can, with any of them dead.
 * @throws Error when the port is taken
 */
export async function startGateway({ settings, rooms, logger }: GatewayOptions): Promise<Gateway> {
  // @apollo/gateway would report uptime and memory to Apollo every hour; nothing leaves the house unasked.
  process.env.APOLLO_TELEMETRY_DISABLED ??= 'true';
  const opened = openRooms(rooms, settings, (room) => isNeededByGateway(room, settings));
  const services = createServices({ opened, settings, logger });
  const sessions = sessionsOf(opened);
  const uploads = uploadsOf(opened);
  const http = fastify({ bodyLimit: maxBodyBytes, forceCloseConnections: 'idle' });
  const storeless = new Set(rooms.flatMap(({ name, open }) => (open ? [] : [name])));
  const apolloLogger = logger.child({ part: 'apollo' });
  const gateway = new ApolloGateway({
    supergraphSdl: supergraphFromFile({ file: settings.gateway.supergraphFile, rooms, logger }),
    logger: apolloLogger,
    buildService: ({ name }) => services.get(name),
    experimental_didResolveQueryPlan({ queryPlan, requestContext }) {
      const context = requestContext.context as GatewayContext;
      context.rounds = startRounds(queryPlan, storeless);
      context.request.xray?.notePlan(queryPlan);
    },
  });
  observeForXray();

  let requirers: Requirers = new Map();
  gateway.onSchemaLoadOrUpdate(({ apiSchema, coreSupergraphSdl }) => {
    teachScalars(apiSchema);
    requirers = requirersIn(coreSupergraphSdl);
  });

  const { requestTimeoutMs, readAfterTimeoutMs } = settings.gateway;
  const newRequest = (token: string | null, xray?: Xray) =>
    createRequest({ token, sessions, uploads, timeoutMs: requestTimeoutMs, xray });
  const viewerSink = rooms.find(({ sessions }) => sessions === 'keeps')?.name ?? '';
  const askEvent = async (eventId: string, { viewer }: RequestContext): Promise<AskedEvent | null> => {
    const { body } = await apollo.executeOperation<{
      event: { type: string | null; sinks: SinkState[] | null } | null;
    }>(
      { query: 'query Sinks($id: ID!) { event(id: $id) { type sinks { name status } } }', variables: { id: eventId } },
      // A request of its own each time, so that nothing is answered from its loaders; but the same viewer.
      { contextValue: { request: { ...newRequest(null), viewer } } },
    );
    if (body.kind !== 'single') return unknownEvent;
    const { data, errors = [] } = body.singleResult;
    if (data?.event) return { type: data.event.type ?? '', sinks: data.event.sinks ?? [] };
    return errors.some(({ extensions }) => String(extensions?.code).startsWith('STORE_')) ? unknownEvent : null;
  };

  const apollo = new ApolloServer<GatewayContext>({
    gateway,
    logger: apolloLogger,
    introspection: true,
    includeStacktraceInErrorResponses: false,
    // Apollo would end the process by the signal as soon as it has stopped itself, and leave stores and spans as they are.
    stopOnTerminationSignals: false,
    parseOptions: { maxTokens },
    formatError: errorFormatter(logger),
    plugins: [
      fastifyApolloDrainPlugin(http),
      ApolloServerPluginLandingPageLocalDefault({ document: moviePageOperation, variables: { id: 'm101' } }),
      logPlugin(logger),
      operationPlugin,
      errorPlacesPlugin(() => requirers),
      operationMetricsPlugin,
      operationSpanPlugin,
      xrayPlugin(settings),
      readAfterPlugin((eventId, { request }) => ({
        askEvent: () => askEvent(eventId, request),
        viewerSink,
        timeoutMs: readAfterTimeoutMs,
      })),
    ],
  });
  await apollo.start();
  http.setErrorHandler<FastifyError>((error, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) logger.error({ err: error }, 'a request failed outside of GraphQL');
    const message = status >= 500 ? 'Something went wrong here.' : error.message;
    const code = status >= 500 ? 'INTERNAL_SERVER_ERROR' : 'BAD_REQUEST';
    return reply.status(status).send({ errors: [{ message, extensions: { code, retryable: false } }] });
  });

  const handler = fastifyApolloHandler(apollo, {
    context: async ({ headers }) => {
      const xray = headers['x-streamshop-xray'] === '1' ? startXray() : undefined;
      return { request: newRequest(bearerToken(headers.authorization), xray) };
    },
  });
  http.route({ url: '/graphql', method: ['GET', 'POST', 'OPTIONS'], handler: tracedHandler(handler, settings) });
  await serveExplorer(http, explorerFolder);
  http.get('/', (_, reply) => reply.redirect('/explorer/'));
  http.get('/health', () => ({ status: 'up' }));
  http.get('/ready', () => readiness(opened, services.remote));
  serveMetrics(http, opened, settings);
  measureSubgraphs(services.remote.map(({ name }) => name));
  const address = await http.listen({ host: settings.gateway.host, port: settings.gateway.port });

  return {
    url: `${address}/graphql`,
    rooms: opened,
    [Symbol.asyncDispose]: async () => {
      await apollo.stop();
      await services[Symbol.asyncDispose]();
      await opened[Symbol.asyncDispose]();
    },
  };
}

function bearerToken(header: string | undefined): string | null {
  return /^Bearer (?<token>[\w-]{1,200})$/i.exec(header ?? '')?.groups?.token ?? null;
}

import type { GraphQLError } from 'graphql';
import type { Logger } from 'pino';
import type { Settings } from '../config.ts';
import { isQuery, parseOperation } from './documents.ts';
import { codedError, codeOf, type ErrorCode } from './errors.ts';
import type { Fetch } from './execution.ts';
import { createPassSigner, type Pass } from './gateway-pass.ts';
import { createGuard } from './guard.ts';
import { type HttpClient, isConnectionError, type Reply, wasNeverSent } from './http-client.ts';
import type { RequestContext } from './request.ts';
import type { Room } from './room.ts';
import { currentTraceparent } from './tracing.ts';
import { xrayDetail } from './xray-detail.ts';

/** What became of a call. */
export interface Called {
  /** What came back, which may be anything; null where nothing did. */
  reply: Reply | null;
  /** The coded error of each field that the reply does not answer. */
  reason: GraphQLError;
  /** When it was asked, by the X-ray's clock. */
  askedAtMs: number;
  /** How long that took, in vain or not; null where it was never asked. */
  durationMs: number | null;
}

/** Asks a subgraph. Never throws. */
export type HttpCall = (fetch: Fetch, request: RequestContext) => Promise<Called>;

export interface HttpCallOptions {
  room: Room;
  client: HttpClient;
  /** By what the subgraph knows the gateway. */
  secret: Uint8Array;
  settings: Settings;
  logger: Logger;
}

/**
 * Calls a subgraph behind HTTP: with a pass, a deadline and a circuit breaker; a query is asked once more when the connection
 * breaks. A mutation never is: when no answer comes, it may have been done, which its error then says.
 */
export function createHttpCall({ room, client, secret, settings, logger }: HttpCallOptions): HttpCall {
  const { name } = room;
  const sign = createPassSigner(secret, name);
  const { timeoutMs } = settings.subgraphs;
  const guard = createGuard({ store: name, kind: 'subgraph', timeoutMs, isOutage: isConnectionError });

  return async (fetch, request) => {
    const isRead = isQuery(parseOperation(fetch.query));
    const sessionKey = !isRead && room.sessions ? request.sessionKey : null;
    const { viewer, ...facts } = await factsOf(request, settings);
    // A thousand ids in the header of each fetch are only for those who need them.
    const told = viewer && !room.hides ? { ...viewer, blocks: undefined } : viewer;
    const pass = { ...facts, viewer: told, isRead, sessionKey };
    const body = JSON.stringify(fetch);
    let askedAtMs = 0;
    let wasAsked = false;
    let mayHaveActed = false;
    const ask = async (signal: AbortSignal, budgetMs: number) => {
      const token = await sign({ ...pass, budgetMs }, body);
      askedAtMs = request.xray?.nowMs() ?? 0;
      wasAsked = true;
      mayHaveActed = !isRead;
      try {
        return await client.post(body, { pass: token, signal });
      } catch (error) {
        if (wasNeverSent(error)) mayHaveActed = false;
        throw error;
      }
    };
    const reasonFor = (code: ErrorCode, what: string) => {
      const doubt = mayHaveActed ? '; whether it was done, nobody knows' : '';
      return codedError(code, `The subgraph ${name} ${what}${doubt}.`, { store: name });
    };

    const startedAt = performance.now();
    const called = () => ({ askedAtMs, durationMs: wasAsked ? performance.now() - startedAt : null });
    try {
      const reply = await guard({ work: ask, isRepeatable: isRead });
      return { reply, reason: reasonFor('STORE_UNAVAILABLE', 'gave no proper answer'), ...called() };
    } catch (error) {
      const code = codeOf(error) ?? 'STORE_ERROR';
      // An open breaker refuses thousands of calls, of which there is nothing to tell.
      if (wasAsked) logger.warn({ subgraph: name, code, reason: causeOf(error) }, 'a subgraph gave no answer');
      return { reply: null, reason: reasonFor(code, outcomes[code] ?? 'could not answer'), ...called() };
    }
  };
}

const outcomes: Partial<Record<ErrorCode, string>> = {
  STORE_UNAVAILABLE: 'cannot be reached',
  STORE_TIMEOUT: 'did not answer in time',
};

const longestCause = 200;

function causeOf(error: unknown): string {
  const { originalError, message } = error as GraphQLError;
  const cause = originalError as NodeJS.ErrnoException | undefined;
  return String(cause?.code ?? cause?.message ?? message).slice(0, longestCause);
}

/** What the subgraph is told of the request; that nobody could tell who asks, as well. */
async function factsOf(request: RequestContext, settings: Settings) {
  const [viewer, viewerError] = await request.viewer().then(
    (viewer) => [viewer, null] as const,
    (error: GraphQLError) => [null, viewerErrorOf(error)] as const,
  );
  const xray = await xrayDetail(request, settings);
  const { id: requestId, mustBeFresh } = request;
  return { requestId, viewer, viewerError, mustBeFresh, xray, traceparent: currentTraceparent() };
}

const viewerErrorOf = (error: GraphQLError): Pass['viewerError'] => ({
  code: codeOf(error) ?? 'INTERNAL_SERVER_ERROR',
  message: error.message,
  store: error.extensions?.store as string | undefined,
  retryable: error.extensions?.retryable === true,
});

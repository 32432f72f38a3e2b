import { Pool } from 'undici';
import { codedError } from './errors.ts';
import { isNetworkError } from './guard.ts';
import type { Readiness } from './readiness.ts';

/** An answer that came whole. */
export interface Reply {
  status: number;
  contentType: string;
  body: string;
}

/** Connections to one subgraph, kept open. */
export interface HttpClient {
  /** @throws STORE_UNAVAILABLE for a server error; what undici throws, see `isConnectionError`, where no whole answer came */
  post(body: string, options: { pass: string; signal: AbortSignal }): Promise<Reply>;
  /** Asks for `ready` beside the endpoint. @throws where the subgraph does not say that it and its store can be asked */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** A page's fetch takes some milliseconds: this many side by side are far more than one gateway's process can plan. */
const connections = 32;
const maxAnswerBytes = 32 * 1024 * 1024;
const connectTimeoutMs = 2_000;
const pingTimeoutMs = 5_000;

/** @param endpoint the subgraph's URL; its path is `/graphql`, where it has none */
export function openHttpClient(name: string, endpoint: string): HttpClient {
  const url = new URL(endpoint);
  if (url.pathname === '/') url.pathname = '/graphql';
  // Beside it: a proxy may have several subgraphs, each under a path of its own.
  const readyPath = new URL('ready', url).pathname;
  const pool = new Pool(url.origin, {
    connections,
    // A slow answer must not hold up those behind it.
    pipelining: 1,
    connect: { timeout: connectTimeoutMs },
    // The guard's deadline ends whoever is silent, through the signal.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: maxAnswerBytes,
  });
  return {
    async post(body, { pass, signal }) {
      const response = await pool.request({
        method: 'POST',
        path: url.pathname + url.search,
        headers: {
          'content-type': 'application/json',
          accept: 'application/json',
          authorization: `Bearer ${pass}`,
        },
        body,
        signal,
      });
      const text = await response.body.text();
      const reply = { status: response.statusCode, contentType: String(response.headers['content-type']), body: text };
      if (reply.status < 500) return reply;
      throw codedError('STORE_UNAVAILABLE', `${name} answered with status ${reply.status}.`, { store: name });
    },
    async ping() {
      const signal = AbortSignal.timeout(pingTimeoutMs);
      const { body, statusCode } = await pool.request({ method: 'GET', path: readyPath, signal });
      const { stores } = (await body.json()) as Readiness;
      // A subgraph without a store names none.
      const state = stores[name] ?? 'up';
      if (statusCode !== 200 || state !== 'up') throw new Error(`${name} answers ${statusCode}, its store is ${state}`);
    },
    // What is under way has been answered, or nobody waits for it any more.
    close: () => pool.destroy(),
  };
}

/** Errors of undici that tell of the connection: refused, broken, or with something on it that is not HTTP. */
export function isConnectionError(error: unknown): boolean {
  const { code = '', name = '' } = error as { code?: string; name?: string };
  return isNetworkError(error) || connectionErrorCodes.has(code) || name === 'HTTPParserError';
}

const connectionErrorCodes = new Set([
  ...['UND_ERR_SOCKET', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_DESTROYED', 'UND_ERR_CLOSED'],
  ...['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'UND_ERR_HEADERS_OVERFLOW'],
]);

/** Whether the request can never have been sent, so that nothing can have been done. */
export const wasNeverSent = (error: unknown): boolean =>
  ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'].includes(
    String((error as { code?: unknown }).code),
  );

import { AsyncLocalStorage } from 'node:async_hooks';

/** Who asks. */
export interface Viewer {
  userId: string;
  scopes: readonly string[];
}

/** Bearer tokens and the viewers they stand for; kept in Redis. */
export interface Sessions {
  /** Opens a session and gives its token, which is shown once and never stored as it is. */
  create(viewer: Viewer): Promise<string>;
  /** The token's viewer, with the session's time prolonged; null when there is no such session. */
  find(token: string): Promise<Viewer | null>;
  end(token: string): Promise<void>;
}

/** One client request, shared by every subgraph that runs in process. */
export interface RequestContext {
  readonly id: string;
  /** The bearer token as it came; null for a visitor. */
  readonly token: string | null;
  readonly sessions: Sessions;
  /**
   * The viewer, looked up once per request; null for a visitor and for an expired session.
   * @throws STORE_UNAVAILABLE or STORE_TIMEOUT when the session store does not answer
   */
  viewer(): Promise<Viewer | null>;
  /** Milliseconds until the request's deadline; never below 0. */
  remainingMs(): number;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** The request on whose behalf the code runs; undefined in sinks, migrations and other work without a client. */
export const currentRequest = (): RequestContext | undefined => storage.getStore();

/** Runs `work`, and all that it awaits, on behalf of a request. */
export const withRequest = <T>(request: RequestContext, work: () => T): T => storage.run(request, work);

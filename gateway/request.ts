import { AsyncLocalStorage } from 'node:async_hooks';
import type { Xray } from './xray.ts';

/** Who asks. */
export interface Viewer {
  userId: string;
  scopes: readonly string[];
  /** Whom they block, at most a thousand; absent where they block nobody. See `hiddenFrom`. */
  blocks?: readonly string[];
}

/**
 * Sessions and the viewers they stand for; kept in Redis. A session goes by its key, see `sessionKeyOf`: whoever learns a key
 * can log in with it nowhere.
 */
export interface Sessions {
  /** Opens a session and gives its bearer token, which is shown once and never stored as it is. */
  create(viewer: Viewer): Promise<string>;
  /** The session's viewer, with its time prolonged; null when there is no such session. */
  find(sessionKey: string): Promise<Viewer | null>;
  end(sessionKey: string): Promise<void>;
}

/** A file that somebody has put into the media bucket. */
export interface StoredUpload {
  id: string;
  /** Who was allowed to put it there. */
  ownerId: string;
  contentType: string;
  sizeBytes: number;
  uploadedAt: Date;
}

/** The uploads as their store has them; kept in S3. */
export interface Uploads {
  /** Each upload in the order of the ids; null for one that is not there. */
  find(ids: readonly string[]): Promise<readonly (StoredUpload | null)[]>;
  /** The ids of all that were put there before that time, some at a time. */
  storedBefore(time: Date): AsyncIterable<readonly string[]>;
  remove(ids: readonly string[]): Promise<void>;
}

/** One client request, shared by every subgraph that runs in process. */
export interface RequestContext {
  readonly id: string;
  /** What the session goes by whose bearer token came; null for a visitor. */
  readonly sessionKey: string | null;
  readonly sessions: Sessions;
  readonly uploads: Uploads;
  /** Whether it reads after an event: then no answer may be older than what the sinks have applied, not even by seconds. */
  readonly mustBeFresh: boolean;
  /** Records what each store does for the request; absent where nobody asked for it. */
  readonly xray?: Xray;
  /**
   * The viewer, looked up once per request; null for a visitor and for an expired session.
   * @throws STORE_UNAVAILABLE or STORE_TIMEOUT when the session store does not answer
   */
  viewer(): Promise<Viewer | null>;
  /** Milliseconds until the request's deadline; never below 0. */
  remainingMs(): number;
}

/** On whose behalf the code runs. */
export interface Origin {
  request: RequestContext;
  /** The subgraph that is at work; undefined where it is the gateway itself. */
  subgraph?: string;
  /** The fetch of the plan that it answers, by its `fetchKey`. */
  fetch?: string;
  /** Whether somebody wants to know of each call. */
  isObserved?: boolean;
  /** The batched query that runs, and how many distinct keys it has; only where somebody observes. */
  batch?: { query: string; keys: number };
}

/** A fetch of a query plan: an operation, and where in the answer its result belongs. */
export interface PlannedFetch {
  subgraph: string;
  operation: string;
  path: readonly (string | number)[];
}

/** What a fetch goes by within its request. The operation alone would not do: without a name, it may be the same elsewhere. */
export const fetchKey = ({ subgraph, operation, path }: PlannedFetch): string =>
  [subgraph, path.join('.'), operation].join(' ');

const storage = new AsyncLocalStorage<Origin>();

/** Undefined in sinks, migrations and other work without a client. */
export const currentOrigin = (): Origin | undefined => storage.getStore();

/** The request on whose behalf the code runs; undefined in work without a client. */
export const currentRequest = (): RequestContext | undefined => storage.getStore()?.request;

/** Runs `work`, and all that it awaits, on behalf of a request as a whole: what the gateway itself does for it. */
export const withRequest = <T>(request: RequestContext, work: () => T): T => storage.run({ request }, work);

/** Runs `work`, and all that it awaits, on behalf of a fetch of a request. */
export const withOrigin = <T>(origin: Origin, work: () => T): T => storage.run(origin, work);

import { randomUUID } from 'node:crypto';
import DataLoader from 'dataloader';
import { currentOrigin, type RequestContext, type Sessions, type Uploads, withOrigin, withRequest } from './request.ts';
import type { Context, Query } from './room.ts';
import { sessionKeyOf } from './sessions.ts';
import { noUploads } from './uploads.ts';
import type { Xray } from './xray.ts';

/** What a request brings along. */
export interface RequestOptions {
  /** The bearer token; null for a visitor. */
  token: string | null;
  sessions: Sessions;
  /** @default none: whoever asks for one learns that their store does not run */
  uploads?: Uploads;
  /** Milliseconds until the request gives up. */
  timeoutMs: number;
  /** Where somebody wants to see what the stores do. */
  xray?: Xray;
}

/** The context of one client request; see `RequestContext`. */
export function createRequest(options: RequestOptions): RequestContext {
  const { token, sessions, uploads = noUploads, timeoutMs, xray } = options;
  const deadline = performance.now() + timeoutMs;
  const sessionKey = token === null ? null : sessionKeyOf(token);
  const request: RequestContext = {
    id: randomUUID(),
    sessionKey,
    sessions,
    uploads,
    mustBeFresh: false,
    xray,
    viewer: once(() => viewerOf(request)),
    remainingMs: () => Math.max(0, deadline - performance.now()),
  };
  return request;
}

/** The same request with its viewer looked up anew, once `wait` is over: whom they block, they may block since then. */
export function withViewerAfter(request: RequestContext, wait: () => Promise<void>): RequestContext {
  return { ...request, viewer: once(() => wait().then(() => viewerOf(request))) };
}

/** Whichever fetch asks first, it asks for all of them: the look-up is the gateway's own. */
const viewerOf = async (request: RequestContext) => {
  const { sessionKey, sessions } = request;
  return sessionKey === null ? null : await withRequest(request, () => sessions.find(sessionKey));
};

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => {
    answer ??= work();
    return answer;
  };
}

/** The contexts of a request's rooms: one a room, however many fetches of the plan reach it, so that loaders are shared. */
const rooms = new WeakMap<RequestContext, Map<string, Context<unknown>>>();

/** The context that a room's resolvers get in this request. */
export function roomContext<Store>(request: RequestContext, room: { name: string; store: Store }): Context<Store> {
  const contexts = rooms.get(request) ?? new Map<string, Context<unknown>>();
  rooms.set(request, contexts);
  const known = contexts.get(room.name);
  if (known) return known as Context<Store>;
  const context = { request, store: room.store, load: batching(room.store) };
  contexts.set(room.name, context as Context<unknown>);
  return context;
}

function batching<Store>(store: Store): Context<Store>['load'] {
  const loaders = new Map<unknown, DataLoader<unknown, unknown, string>>();
  return <Key, Value>(query: Query<Store, Key, Value>, key: Key) => {
    let loader = loaders.get(query) as DataLoader<Key, Value, string> | undefined;
    if (!loader) {
      loader = new DataLoader<Key, Value, string>((keys) => observed(query, keys, () => query(store, keys)), {
        cacheKeyFn: (key) => (typeof key === 'string' ? key : JSON.stringify(key)),
        // Parallel fetches of one plan start in the same turn of the event loop: let all of them ask before the batch goes.
        batchScheduleFn: (dispatch) => setImmediate(dispatch),
      });
      loaders.set(query, loader as DataLoader<unknown, unknown, string>);
    }
    return loader.load(key);
  };
}

/** Tells whoever observes the store calls of `work` that they are for a batch. */
function observed<T>({ name }: { name: string }, keys: readonly unknown[], work: () => T): T {
  const origin = currentOrigin();
  return origin?.isObserved ? withOrigin({ ...origin, batch: { query: name, keys: keys.length } }, work) : work();
}

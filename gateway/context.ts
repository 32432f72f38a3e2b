import { randomUUID } from 'node:crypto';
import DataLoader from 'dataloader';
import { currentOrigin, type RequestContext, type Sessions, withOrigin, withRequest } from './request.ts';
import type { Context, Query } from './room.ts';
import { sessionKeyOf } from './sessions.ts';
import type { Xray } from './xray.ts';

/** What a request brings along. */
export interface RequestOptions {
  /** The bearer token; null for a visitor. */
  token: string | null;
  sessions: Sessions;
  /** Milliseconds until the request gives up. */
  timeoutMs: number;
  /** Where somebody wants to see what the stores do. */
  xray?: Xray;
}

/** The context of one client request; see `RequestContext`. */
export function createRequest({ token, sessions, timeoutMs, xray }: RequestOptions): RequestContext {
  const deadline = performance.now() + timeoutMs;
  const sessionKey = token === null ? null : sessionKeyOf(token);
  let viewer: ReturnType<RequestContext['viewer']> | undefined;
  const request: RequestContext = {
    id: randomUUID(),
    sessionKey,
    sessions,
    xray,
    viewer: () => {
      // Whichever fetch asks first, it asks for all of them: the look-up is the gateway's own.
      viewer ??= sessionKey === null ? Promise.resolve(null) : withRequest(request, () => sessions.find(sessionKey));
      return viewer;
    },
    remainingMs: () => Math.max(0, deadline - performance.now()),
  };
  return request;
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

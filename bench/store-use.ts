import { type StoreCall, storeCalls } from '../gateway/seam.ts';

/** A call of a store, as the process that makes it sees it: waiting for its event loop is in it. */
export interface WatchedCall {
  store: string;
  durationMs: number;
}

/** Watches this process's calls of the stores until the function that it gives is called, which gives them. */
export function watchStores(): () => WatchedCall[] {
  const startedAt = new Map<unknown, number>();
  const calls: WatchedCall[] = [];
  const onStart = (call: unknown) => void startedAt.set(call, performance.now());
  const onEnd = (call: unknown) => {
    const { store } = call as StoreCall;
    calls.push({ store, durationMs: performance.now() - (startedAt.get(call) ?? Number.NaN) });
  };
  storeCalls.start.subscribe(onStart);
  storeCalls.asyncEnd.subscribe(onEnd);
  return () => {
    storeCalls.start.unsubscribe(onStart);
    storeCalls.asyncEnd.unsubscribe(onEnd);
    return calls;
  };
}

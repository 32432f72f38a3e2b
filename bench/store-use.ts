import { type StoreCall, storeCalls } from '../gateway/seam.ts';
import { median } from './pairs.ts';

/** What a page asks of the stores. */
export interface StoreUse {
  calls: number;
  /** Slowest store first. */
  stores: StoreTime[];
}

/** How long a store's longest call of a page takes, seen from the gateway: waiting for the event loop is in it. */
export interface StoreTime {
  store: string;
  longestMs: number;
}

/** Watches pages, one after another: the calls of the last, and of each store the median of its longest call. */
export async function watchStores(page: () => Promise<unknown>, pages: number): Promise<StoreUse> {
  const watched: Map<string, number[]>[] = [];
  for (let done = 0; done < pages; done += 1) watched.push(await callTimes(page));
  const names = [...new Set(watched.flatMap((times) => [...times.keys()]))];
  const longest = (store: string) => median(watched.map((times) => Math.max(...(times.get(store) ?? [0]))));
  const stores = names.map((store) => ({ store, longestMs: longest(store) }));
  return {
    calls: [...(watched.at(-1)?.values() ?? [])].flat().length,
    stores: stores.sort((a, b) => b.longestMs - a.longestMs),
  };
}

/** How long each call took, by store. */
async function callTimes(page: () => Promise<unknown>): Promise<Map<string, number[]>> {
  const startedAt = new Map<unknown, number>();
  const times = new Map<string, number[]>();
  const onStart = (call: unknown) => void startedAt.set(call, performance.now());
  const onEnd = (call: unknown) => {
    const { store } = call as StoreCall;
    times.set(store, [...(times.get(store) ?? []), performance.now() - (startedAt.get(call) ?? Number.NaN)]);
  };
  storeCalls.start.subscribe(onStart);
  storeCalls.asyncEnd.subscribe(onEnd);
  await page();
  storeCalls.start.unsubscribe(onStart);
  storeCalls.asyncEnd.unsubscribe(onEnd);
  return times;
}

import type { XrayCall } from '../../../../gateway/xray-report.ts';

/** What one store did for a request. */
export interface StoreTotal {
  store: string;
  calls: number;
  failed: number;
}

export interface Totals {
  /** Most calls first. */
  stores: StoreTotal[];
  /** Null where no store was asked. */
  slowest: XrayCall | null;
}

/** Counts the calls per store and finds the slowest. */
export function totalsOf(calls: readonly XrayCall[]): Totals {
  const stores = [...Map.groupBy(calls, ({ store }) => store)].map(([store, group]) => ({
    store,
    calls: group.length,
    failed: group.filter(({ error }) => error !== null).length,
  }));
  return {
    stores: stores.toSorted((a, b) => b.calls - a.calls || a.store.localeCompare(b.store)),
    slowest: calls.reduce<XrayCall | null>((slowest, call) => {
      return slowest && slowest.durationMs >= call.durationMs ? slowest : call;
    }, null),
  };
}

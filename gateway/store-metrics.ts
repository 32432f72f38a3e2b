import { Counter, Gauge, Histogram } from 'prom-client';
import { breakerGauge } from './breaker-metrics.ts';
import { codeOf, errorCodes } from './errors.ts';
import { durationBuckets, registry } from './registry.ts';
import { type StoreCall, storeCalls } from './seam.ts';

const registers = [registry];
const calls = new Counter({
  name: 'streamshop_store_calls_total',
  help: 'Native queries that were asked for.',
  labelNames: ['store'],
  registers,
});
const errors = new Counter({
  name: 'streamshop_store_errors_total',
  help: 'Native queries that failed, by error code; with an open breaker they fail without being made.',
  labelNames: ['store', 'code'],
  registers,
});
const durations = new Histogram({
  name: 'streamshop_store_call_duration_seconds',
  help: "How long native queries took that were handed to the store's client, those that failed included.",
  buckets: durationBuckets,
  labelNames: ['store'],
  registers,
});
const inFlight = new Gauge({
  name: 'streamshop_store_calls_in_flight',
  help: 'Native queries that are under way.',
  labelNames: ['store'],
  registers,
});
const breakers = breakerGauge('streamshop_breaker_state', 'store');

/** The codes that tell of a server which was asked, or not even that. */
export const storeErrors = Object.keys(errorCodes).filter((code) => code.startsWith('STORE_'));
const shown = new Set<string>();
let isSubscribed = false;

/**
 * Counts the calls of every seam of this process, by their channels only.
 * @param stores that are at zero from the beginning, so that a rate sees their first call and their first error; called
 *   again, it adds some
 */
export function measureStores(stores: readonly string[]): void {
  if (!isSubscribed) subscribe();
  isSubscribed = true;
  for (const store of stores) {
    if (shown.has(store)) continue;
    shown.add(store);
    calls.inc({ store }, 0);
    inFlight.inc({ store }, 0);
    durations.zero({ store });
    for (const code of storeErrors) errors.inc({ store, code }, 0);
    breakers.add(store);
  }
}

function subscribe(): void {
  const startedAt = new WeakMap<StoreCall, number>();
  storeCalls.start.subscribe((message) => {
    const call = message as StoreCall;
    const { store } = call;
    startedAt.set(call, performance.now());
    calls.inc({ store });
    inFlight.inc({ store });
  });
  storeCalls.asyncEnd.subscribe((message) => {
    const call = message as StoreCall;
    const { store, attempts, error } = call;
    const start = startedAt.get(call);
    // Begun before anybody counted.
    if (start === undefined) return;
    inFlight.dec({ store });
    // What an open breaker refuses at once says nothing of the store's pace.
    if (attempts > 0) durations.observe({ store }, (performance.now() - start) / 1_000);
    if (error !== undefined) errors.inc({ store, code: codeOf(error) ?? 'other' });
  });
  breakers.follow();
}

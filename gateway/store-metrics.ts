import { Gauge } from 'prom-client';
import { callMetrics } from './call-metrics.ts';
import { codeOf } from './errors.ts';
import { registry } from './registry.ts';
import { type StoreCall, storeCalls } from './seam.ts';

const { calls, errors, durations, measure } = callMetrics({
  kind: 'store',
  breakerMetric: 'streamshop_breaker_state',
  help: {
    calls: 'Native queries that were asked for.',
    errors: 'Native queries that failed, by error code; with an open breaker they fail without being made.',
    durations: "How long native queries took that were handed to the store's client, those that failed included.",
  },
  subscribe,
});
const inFlight = new Gauge({
  name: 'streamshop_store_calls_in_flight',
  help: 'Native queries that are under way.',
  labelNames: ['store'],
  registers: [registry],
});

/**
 * Counts the calls of every seam of this process, by their channels only.
 * @param stores that are at zero from the beginning, so that a rate sees their first call and their first error; called
 *   again, it adds some
 */
export function measureStores(stores: readonly string[]): void {
  for (const store of measure(stores)) inFlight.inc({ store }, 0);
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
}

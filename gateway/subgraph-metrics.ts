import { Counter, Histogram } from 'prom-client';
import { breakerGauge } from './breaker-metrics.ts';
import { type SubgraphCall, subgraphCalls } from './http-transport.ts';
import { durationBuckets, registry } from './registry.ts';
import { storeErrors } from './store-metrics.ts';

const registers = [registry];
const calls = new Counter({
  name: 'streamshop_subgraph_calls_total',
  help: 'Fetches for a subgraph behind HTTP that have ended.',
  labelNames: ['subgraph'],
  registers,
});
const errors = new Counter({
  name: 'streamshop_subgraph_errors_total',
  help: 'Those that a subgraph behind HTTP did not answer properly, by error code; with an open breaker they fail without being sent.',
  labelNames: ['subgraph', 'code'],
  registers,
});
const durations = new Histogram({
  name: 'streamshop_subgraph_call_duration_seconds',
  help: 'How long fetches took that were sent to a subgraph behind HTTP, those that failed included.',
  buckets: durationBuckets,
  labelNames: ['subgraph'],
  registers,
});
const breakers = breakerGauge('streamshop_subgraph_breaker_state', 'subgraph');

const shown = new Set<string>();
let isSubscribed = false;

/**
 * Counts the calls of every subgraph behind HTTP, by its channel only.
 * @param subgraphs that are at zero from the beginning, as `measureStores` has its stores; called again, it adds some
 */
export function measureSubgraphs(subgraphs: readonly string[]): void {
  if (!isSubscribed) {
    subgraphCalls.subscribe((message) => count(message as SubgraphCall));
    breakers.follow();
  }
  isSubscribed = true;
  for (const subgraph of subgraphs) {
    if (shown.has(subgraph)) continue;
    shown.add(subgraph);
    calls.inc({ subgraph }, 0);
    durations.zero({ subgraph });
    for (const code of storeErrors) errors.inc({ subgraph, code }, 0);
    breakers.add(subgraph);
  }
}

function count({ subgraph, code, durationMs }: SubgraphCall): void {
  calls.inc({ subgraph });
  if (durationMs !== null) durations.observe({ subgraph }, durationMs / 1_000);
  if (code) errors.inc({ subgraph, code });
}

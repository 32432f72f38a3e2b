import { callMetrics } from './call-metrics.ts';
import { type SubgraphCall, subgraphCalls } from './http-transport.ts';

const { calls, errors, durations, measure } = callMetrics({
  kind: 'subgraph',
  breakerMetric: 'streamshop_subgraph_breaker_state',
  help: {
    calls: 'Fetches for a subgraph behind HTTP that have ended.',
    errors:
      'Those that a subgraph behind HTTP did not answer properly, by error code; with an open breaker they fail without being sent.',
    durations: 'How long fetches took that were sent to a subgraph behind HTTP, those that failed included.',
  },
  subscribe: () => subgraphCalls.subscribe((message) => count(message as SubgraphCall)),
});

/**
 * Counts the calls of every subgraph behind HTTP, by its channel only.
 * @param subgraphs that are at zero from the beginning; called again, it adds some
 */
export function measureSubgraphs(subgraphs: readonly string[]): void {
  measure(subgraphs);
}

function count({ subgraph, code, durationMs }: SubgraphCall): void {
  calls.inc({ subgraph });
  if (durationMs !== null) durations.observe({ subgraph }, durationMs / 1_000);
  if (code) errors.inc({ subgraph, code });
}

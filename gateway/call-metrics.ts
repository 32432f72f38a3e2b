import { Counter, Gauge, Histogram } from 'prom-client';
import { errorCodes } from './errors.ts';
import { type BreakerChange, breakerChanges } from './guard.ts';
import { durationBuckets, registry } from './registry.ts';

export interface CallMetricsOptions {
  /** What is called; the label of all these metrics, and a part of their names. */
  kind: BreakerChange['kind'];
  /** The name of the gauge of its breakers. */
  breakerMetric: string;
  help: { calls: string; errors: string; durations: string };
  /** Begins to count; called once, when the first of them is measured. */
  subscribe(): void;
}

/** The metrics that the stores of this process and its subgraphs behind HTTP have in common. */
export interface CallMetrics {
  calls: Counter;
  errors: Counter;
  /** In seconds. */
  durations: Histogram;
  /**
   * Measures these as well, all at zero from the beginning, so that a rate sees their first call and their first error, and each
   * with its breaker closed, as it is at first.
   * @returns those that were not measured yet
   */
  measure(names: readonly string[]): string[];
}

/** The codes that tell of a server which was asked, or not even that. */
const serverErrors = Object.keys(errorCodes).filter((code) => code.startsWith('STORE_'));
const breakerStates: readonly BreakerChange['state'][] = ['closed', 'half-open', 'open'];

/** Makes and registers the metrics. */
export function callMetrics({ kind, breakerMetric, help, subscribe }: CallMetricsOptions): CallMetrics {
  const registers = [registry];
  const calls = new Counter({
    ...{ name: `streamshop_${kind}_calls_total`, help: help.calls, labelNames: [kind], registers },
  });
  const errors = new Counter({
    ...{ name: `streamshop_${kind}_errors_total`, help: help.errors, labelNames: [kind, 'code'], registers },
  });
  const durations = new Histogram({
    ...{ name: `streamshop_${kind}_call_duration_seconds`, help: help.durations, labelNames: [kind], registers },
    buckets: durationBuckets,
  });
  const breakers = new Gauge({
    name: breakerMetric,
    help: `The circuit breaker of a ${kind}: 1 for the state that it is in, 0 for the others.`,
    labelNames: [kind, 'state'],
    registers,
  });
  const showBreaker = (name: string, current: BreakerChange['state']) => {
    for (const state of breakerStates) breakers.set({ [kind]: name, state }, state === current ? 1 : 0);
  };

  const measured = new Set<string>();
  let isSubscribed = false;
  return {
    ...{ calls, errors, durations },
    measure(names) {
      if (!isSubscribed) {
        subscribe();
        breakerChanges.subscribe((message) => {
          const change = message as BreakerChange;
          if (change.kind === kind) showBreaker(change.name, change.state);
        });
      }
      isSubscribed = true;
      const added = names.filter((name) => !measured.has(name));
      for (const name of added) {
        measured.add(name);
        calls.inc({ [kind]: name }, 0);
        durations.zero({ [kind]: name });
        for (const code of serverErrors) errors.inc({ [kind]: name, code }, 0);
        showBreaker(name, 'closed');
      }
      return added;
    },
  };
}

import { Gauge } from 'prom-client';
import { type BreakerChange, breakerChanges } from './guard.ts';
import { registry } from './registry.ts';

const states: readonly BreakerChange['state'][] = ['closed', 'half-open', 'open'];

/** The circuit breakers of this process' stores, or of its subgraphs behind HTTP: 1 for the state that each is in, 0 for the others. */
export interface BreakerGauge {
  /** Shows a breaker as closed, which each is at first. */
  add(name: string): void;
  /** Begins to follow every breaker of the kind. */
  follow(): void;
}

/** @param metric the gauge's name; its labels are the kind and `state` */
export function breakerGauge(metric: string, kind: BreakerChange['kind']): BreakerGauge {
  const gauge = new Gauge({
    name: metric,
    help: `The circuit breaker of a ${kind}: 1 for the state that it is in, 0 for the others.`,
    labelNames: [kind, 'state'],
    registers: [registry],
  });
  const show = (name: string, current: BreakerChange['state']) => {
    for (const state of states) gauge.set({ [kind]: name, state }, state === current ? 1 : 0);
  };
  return {
    add: (name) => show(name, 'closed'),
    follow: () =>
      breakerChanges.subscribe((message) => {
        const change = message as BreakerChange;
        if (change.kind === kind) show(change.name, change.state);
      }),
  };
}

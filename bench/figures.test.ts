import { expect, test } from 'vitest';
import { compare, figuresOf } from './figures.ts';
import type { Block, Round, Side } from './interleave.ts';

const block = (cpuMs: number, wallMs: number[]): Block => ({
  cpuMs,
  allCpuMs: 2 * cpuMs,
  perSecond: 1_000 / cpuMs,
  wallMs,
});

/** A machine that slows down from round to round, for both sides alike. */
const rounds: Round[] = [1, 2, 4].map((slowness) => ({
  graph: block(3 * slowness, [30 * slowness, 30 * slowness]),
  hand: block(2 * slowness, [20 * slowness, 20 * slowness]),
}));

test('ratios are of blocks of one round, so a machine that slows down changes none', () => {
  const { ratios } = compare(rounds, 'graph', 'hand');
  for (const name of ['cpu', 'allCpu', 'p50'] as const) {
    expect(ratios[name].value).toBeCloseTo(1.5);
    expect(ratios[name].low).toBeCloseTo(1.5);
    expect(ratios[name].high).toBeCloseTo(1.5);
  }
  expect(ratios.rate.value).toBeCloseTo(1 / 1.5);
});

test('the slowest requests are looked for among those of all rounds', () => {
  const withOneSlow = rounds.map((round, index) =>
    index === 0 ? { ...round, graph: block(3, [30, 1_200]) } : { ...round, graph: block(3, [30, 30]) },
  );
  // By round, the median of 60, 0.75 and 0.375 would hide it.
  expect(compare(withOneSlow, 'graph', 'hand').ratios.p99.value).toBeGreaterThan(10);
});

test('a side’s own figures are those of all rounds', () => {
  expect(figuresOf(rounds, { name: 'graph', title: 'Graph' } as Side)).toMatchObject({
    figures: { cpu: 6, allCpu: 12, p50: 60, p99: 120 },
  });
});

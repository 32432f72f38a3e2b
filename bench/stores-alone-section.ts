import { compare, figuresOf } from './figures.ts';
import { measureRound, type Round } from './interleave.ts';
import type { MeasurePageOptions } from './measure-page.ts';
import { bodyOf } from './pages.ts';
import type { Table } from './section.ts';
import { handSide, type Server } from './sides.ts';
import { type Estimate, estimate, median } from './statistics.ts';
import { partsOfMoviePage } from './stores-alone.ts';
import { digits } from './text.ts';
import { sizing } from './trial.ts';

/** Each store's part of the page, asked for alone. */
export interface StoresAlone {
  /** Slowest first; CPU is of the process that asks, above what HTTP costs. */
  stores: { store: string; p50: number; p99: number; cpuMs: number }[];
  /** What HTTP, JSON and an answer that is there already cost. */
  httpCpuMs: number;
  /** All stores' parts together with HTTP once. */
  sumCpuMs: number;
  /** The page by hand divided by that sum. */
  handToSum: Estimate;
  /** The page by hand's median time divided by the slowest store's. */
  handToSlowest: Estimate;
}

const operations = 10;

/** Measures each store's part of the page alone, one request at a time, beside the page by hand. */
export async function measureStoresAlone(
  hand: Server,
  { page, tokens, load, rounds, tell }: Pick<MeasurePageOptions, 'page' | 'tokens' | 'load' | 'rounds' | 'tell'>,
): Promise<StoresAlone> {
  const names = Object.keys(partsOfMoviePage);
  const sides = [
    handSide(hand, page.name),
    handSide(hand, `finished/${page.name}`, { name: 'http', title: 'HTTP' }),
    ...names.map((name) => handSide(hand, `stores/${name}`, { name, title: name })),
  ];
  const size = sizing(2 * rounds);
  const body = bodyOf(page);
  const requests = tokens.map((token) => ({ body, token }));
  const options = { load, requestsOf: () => requests, connections: 1, operations: size(operations) };
  await measureRound(sides, { ...options, operations: size(3 * operations) });
  const measured: Round[] = [];
  for (let done = 1; done <= rounds; done += 1) {
    tell(`each store alone, round ${done} of ${rounds}`);
    measured.push(await measureRound(sides, options));
  }

  const cpuOf = (some: readonly Round[], name: string) => median(some.map((round) => round[name]?.cpuMs ?? Number.NaN));
  const sumOf = (some: readonly Round[]) =>
    names.reduce((sum, name) => sum + cpuOf(some, name) - cpuOf(some, 'http'), cpuOf(some, 'http'));
  const stores = sides.flatMap((side) => {
    if (!names.includes(side.name)) return [];
    const { p50, p99 } = figuresOf(measured, side).figures;
    return [{ store: side.name, p50, p99, cpuMs: cpuOf(measured, side.name) - cpuOf(measured, 'http') }];
  });
  stores.sort((a, b) => b.p50 - a.p50);
  return {
    stores,
    httpCpuMs: cpuOf(measured, 'http'),
    sumCpuMs: sumOf(measured),
    handToSum: estimate(measured, (some) => cpuOf(some, 'hand') / sumOf(some)),
    handToSlowest: compare(measured, 'hand', stores[0]?.store ?? 'http').ratios.p50,
  };
}

export const storesAloneTable = ({ stores }: StoresAlone): Table => ({
  title: 'Each store’s part of the page alone, one at a time (ms)',
  columns: ['store', 'p50', 'p99', 'CPU above HTTP'].map((title) => ({ title })),
  rows: stores.map(({ store, p50, p99, cpuMs }) => [store, digits(p50), digits(p99), digits(cpuMs)]),
});

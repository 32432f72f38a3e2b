import { compare, figuresOf } from './figures.ts';
import type { Round, Side } from './interleave.ts';
import type { Page } from './pages.ts';
import type { Table } from './section.ts';
import { handSide, type Server } from './sides.ts';
import { type Estimate, estimate, median } from './statistics.ts';
import { partsOfMoviePage } from './stores-alone.ts';
import { digits } from './text.ts';

/** Each store's part of the page, up to four queries at once, asked for alone over one connection. */
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

const names = Object.keys(partsOfMoviePage);

/** Each store's part of the page alone, and an answer that is there already, which costs what HTTP and JSON do. */
export const sidesAlone = (hand: Server, { name }: Pick<Page, 'name'>): Side[] => [
  handSide(hand, `finished/${name}`, { name: 'http', title: 'HTTP' }),
  ...names.map((store) => handSide(hand, `stores/${store}`, { name: store, title: store })),
];

/** What rounds at one request at a time say that have both `sidesAlone` and the page by hand. */
export function storesAloneOf(measured: readonly Round[]): StoresAlone {
  const cpuOf = (some: readonly Round[], name: string) => median(some.map((round) => round[name]?.cpuMs ?? Number.NaN));
  const sumOf = (some: readonly Round[]) =>
    names.reduce((sum, name) => sum + cpuOf(some, name) - cpuOf(some, 'http'), cpuOf(some, 'http'));
  const stores = names.map((name) => {
    const { p50, p99 } = figuresOf(measured, { name, title: name }).figures;
    return { store: name, p50, p99, cpuMs: cpuOf(measured, name) - cpuOf(measured, 'http') };
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
  title: 'Each store’s part of the page alone, its queries at once; 1 connection, same rounds (ms)',
  columns: ['store', 'p50', 'p99', 'CPU above HTTP'].map((title) => ({ title })),
  rows: stores.map(({ store, p50, p99, cpuMs }) => [store, digits(p50), digits(p99), digits(cpuMs)]),
});

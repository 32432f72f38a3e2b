import type { Block, Round, Side } from './interleave.ts';
import { type Estimate, estimate, median, percentile } from './statistics.ts';

export const figureNames = ['cpu', 'allCpu', 'p50', 'p99', 'rate'] as const;
export type FigureName = (typeof figureNames)[number];

interface Figure {
  of(blocks: readonly Block[]): number;
  /** A figure of rare requests needs those of all rounds; any other is compared round by round. */
  isPooled?: boolean;
}

const wall = (percent: number) => (blocks: readonly Block[]) =>
  percentile(
    blocks.flatMap(({ wallMs }) => wallMs),
    percent,
  );

/** In milliseconds, but for the rate, which is requests per second. */
const figures: Record<FigureName, Figure> = {
  cpu: { of: (blocks) => median(blocks.map(({ cpuMs }) => cpuMs)) },
  allCpu: { of: (blocks) => median(blocks.map(({ allCpuMs }) => allCpuMs)) },
  p50: { of: wall(50) },
  p99: { of: wall(99), isPooled: true },
  rate: { of: (blocks) => median(blocks.map(({ perSecond }) => perSecond)) },
};

/** What a side needed, in this run and on this machine. */
export interface SideFigures {
  name: string;
  title: string;
  figures: Record<FigureName, number>;
}

/** A side divided by another, figure by figure. */
export interface Comparison {
  over: string;
  under: string;
  ratios: Record<FigureName, Estimate>;
}

export const figuresOf = (rounds: readonly Round[], { name, title }: Pick<Side, 'name' | 'title'>): SideFigures => ({
  ...{ name, title },
  figures: eachFigure(({ of }) => of(blocksOf(rounds, name))),
});

/** The ratio is the median of the rounds' ratios, but for pooled figures; the interval is bootstrapped over the rounds. */
export const compare = (rounds: readonly Round[], over: string, under: string): Comparison => ({
  ...{ over, under },
  ratios: eachFigure((figure) => estimate(rounds, (some) => ratioIn(some, figure, [over, under]))),
});

function ratioIn(rounds: readonly Round[], { of, isPooled }: Figure, [over, under]: [string, string]): number {
  if (isPooled) return of(blocksOf(rounds, over)) / of(blocksOf(rounds, under));
  return median(rounds.map((round) => of(blocksOf([round], over)) / of(blocksOf([round], under))));
}

const blocksOf = (rounds: readonly Round[], side: string): Block[] => rounds.map((round) => round[side] as Block);

const eachFigure = <T>(of: (figure: Figure) => T) =>
  Object.fromEntries(figureNames.map((name) => [name, of(figures[name])])) as Record<FigureName, T>;

import { type Block, type Estimate, estimate, median, percentile, type Round } from './pairs.ts';

/** One line of the table: a figure of both sides, how they compare, and how a side compares with itself. */
export interface Row {
  label: string;
  unit: 'ms' | '/s';
  /** What each side needed, in this run and on this machine. */
  left: number;
  right: number;
  /** Left divided by right. */
  ratio: Estimate;
  /** Right divided by right measured once more: what is within this spread is noise. */
  spread: Estimate;
}

interface Figure {
  label: string;
  unit: Row['unit'];
  of(blocks: readonly Block[]): number;
  /** A figure of rare operations needs those of all rounds; any other is compared round by round. */
  isPooled?: boolean;
}

const wall = (percent: number) => (blocks: readonly Block[]) =>
  percentile(
    blocks.flatMap(({ wallMs }) => wallMs),
    percent,
  );

const figures: Record<'cpu' | 'rate' | 'p50' | 'p99', Figure> = {
  cpu: { label: 'CPU', unit: 'ms', of: (blocks) => median(blocks.map((block) => block.cpuMsPerOperation)) },
  rate: { label: 'a second', unit: '/s', of: (blocks) => median(blocks.map((block) => block.operationsPerSecond)) },
  p50: { label: 'wall p50', unit: 'ms', of: wall(50) },
  p99: { label: 'wall p99', unit: 'ms', of: wall(99), isPooled: true },
};

/** The sides that every comparison has; `again` is the right one a second time. */
export interface Sides<Side> {
  left: Side;
  right: Side;
  again: Side;
}

/** The rows of one measurement, of the figures that are named. */
export function rowsOf<Side extends string>(
  rounds: readonly Round<Side>[],
  { left, right, again }: Sides<Side>,
  { when, of }: { when: string; of: readonly (keyof typeof figures)[] },
): Row[] {
  return of.map((name) => {
    const figure = figures[name];
    const ratio = (over: Side, under: Side) => estimate(rounds, (some) => ratioIn(some, figure, [over, under]));
    return {
      label: `${figure.label}, ${when}`,
      unit: figure.unit,
      left: figure.of(blocksOf(rounds, left)),
      right: figure.of(blocksOf(rounds, right)),
      ratio: ratio(left, right),
      spread: ratio(again, right),
    };
  });
}

function ratioIn<Side extends string>(rounds: readonly Round<Side>[], figure: Figure, [over, under]: [Side, Side]) {
  if (figure.isPooled) return figure.of(blocksOf(rounds, over)) / figure.of(blocksOf(rounds, under));
  return median(rounds.map((round) => figure.of([round[over]]) / figure.of([round[under]])));
}

const blocksOf = <Side extends string>(rounds: readonly Round<Side>[], side: Side): Block[] =>
  rounds.map((round) => round[side]);

/** What one side of a comparison needed for a block of operations. */
export interface Block {
  /** Of this whole process, client included; the servers are other processes. */
  cpuMsPerOperation: number;
  operationsPerSecond: number;
  /** Wall time of each operation. */
  wallMs: number[];
}

/** One block of each side, measured right after one another. */
export type Round<Side extends string> = Record<Side, Block>;

export interface InterleaveOptions {
  rounds: number;
  /** How many operations a block has. */
  operations: number;
  /** How many of them run at once. */
  concurrency: number;
  /** Awaited after each block, so that what one side has left running does not burden the other. */
  settle?(): Promise<void>;
  onRound?(done: number): void;
}

/**
 * Measures the sides in blocks, A B A B …, in a random order within each round: whatever slows the machine down for a
 * while then slows each side down alike, and no side profits from its place.
 */
export async function interleave<Side extends string>(
  sides: Record<Side, () => Promise<unknown>>,
  { rounds, operations, concurrency, settle, onRound }: InterleaveOptions,
): Promise<Round<Side>[]> {
  const measured: Round<Side>[] = [];
  for (let done = 1; done <= rounds; done += 1) {
    const round: Partial<Round<Side>> = {};
    for (const side of shuffled(Object.keys(sides) as Side[])) {
      round[side] = await measureBlock(sides[side], { operations, concurrency });
      await settle?.();
    }
    measured.push(round as Round<Side>);
    onRound?.(done);
  }
  return measured;
}

async function measureBlock(
  operation: () => Promise<unknown>,
  { operations, concurrency }: Pick<InterleaveOptions, 'operations' | 'concurrency'>,
): Promise<Block> {
  const wallMs: number[] = [];
  let left = operations;
  const client = async () => {
    while (left > 0) {
      left -= 1;
      const startedAt = performance.now();
      await operation();
      wallMs.push(performance.now() - startedAt);
    }
  };
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: concurrency }, client));
  const elapsedMs = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    cpuMsPerOperation: (user + system) / 1_000 / operations,
    operationsPerSecond: (operations * 1_000) / elapsedMs,
    wallMs,
  };
}

/** A figure and the interval that holds it with 95 % confidence. */
export interface Estimate {
  value: number;
  low: number;
  high: number;
}

const resamples = 1_000;

/**
 * A figure of some rounds, with its percentile bootstrap interval: the figure is computed again from rounds drawn at random,
 * with replacement, a thousand times over (Efron and Tibshirani, An Introduction to the Bootstrap, chapter 13).
 */
export function estimate<R>(rounds: readonly R[], figure: (rounds: readonly R[]) => number): Estimate {
  const draw = () => Array.from(rounds, () => rounds[Math.floor(Math.random() * rounds.length)] as R);
  const drawn = Array.from({ length: resamples }, () => figure(draw()));
  return { value: figure(rounds), low: percentile(drawn, 2.5), high: percentile(drawn, 97.5) };
}

export const median = (values: readonly number[]): number => percentile(values, 50);

/** The percentile by linear interpolation between the two values around it. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = ((sorted.length - 1) * percent) / 100;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place % 1);
}

/** Fisher and Yates' shuffle. */
function shuffled<T>(items: readonly T[]): T[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1));
    [order[last], order[other]] = [order[other] as T, order[last] as T];
  }
  return order;
}

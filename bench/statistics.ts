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
 * @param random gives a number of [0, 1) at each call
 */
export function estimate<R>(
  rounds: readonly R[],
  figure: (rounds: readonly R[]) => number,
  random: () => number = Math.random,
): Estimate {
  const draw = () => Array.from(rounds, () => rounds[Math.floor(random() * rounds.length)] as R);
  const drawn = Array.from({ length: resamples }, () => figure(draw()));
  return { value: figure(rounds), low: percentile(drawn, 2.5), high: percentile(drawn, 97.5) };
}

export const median = (values: readonly number[]): number => percentile(values, 50);

/** The mean of ratios: that of a ratio and of its reciprocal is 1. */
export const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

/** The percentile by linear interpolation between the two values around it; NaN of no values. */
export function percentile(values: readonly number[], percent: number): number {
  // Sorts numbers as numbers, and much quicker than an array does.
  const sorted = Float64Array.from(values).sort();
  const place = ((sorted.length - 1) * percent) / 100;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place % 1);
}

/** The items in a random order, by Fisher and Yates' shuffle. */
export function shuffled<T>(items: readonly T[]): T[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1));
    [order[last], order[other]] = [order[other] as T, order[last] as T];
  }
  return order;
}

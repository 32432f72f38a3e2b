import type { Random } from './random.ts';

const hourMs = 3_600_000;

/** How lively each hour of the day is, from midnight UTC: a dip before dawn, a bump at lunch, a peak in the evening. */
const livelinessByHour = [30, 18, 11, 7, 5, 5, 8, 12, 16, 19, 22, 27, 34, 33, 30, 31, 36, 46, 62, 82, 97, 100, 80, 52];
const weekendFactor = 1.3;

function liveliness(time: number): number {
  const date = new Date(time);
  const isWeekend = date.getUTCDay() === 0 || date.getUTCDay() === 6;
  return (livelinessByHour[date.getUTCHours()] as number) * (isWeekend ? weekendFactor : 1);
}

/**
 * The times (in milliseconds) at which `count` sessions start, in order. All liveliness is cut into `count` equal shares
 * and each session takes a random place in its own, so they come sorted without keeping any (stratified sampling).
 */
export function* arrivals(
  { count, from, until }: { count: number; from: number; until: number },
  random: Random,
): Generator<number> {
  const weights: number[] = [];
  for (let hour = from; hour < until; hour += hourMs) weights.push(liveliness(hour));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let hour = 0;
  let before = 0;
  for (let index = 0; index < count; index++) {
    const target = ((index + random.next()) / count) * total;
    while (hour < weights.length - 1 && before + (weights[hour] as number) <= target) {
      before += weights[hour] as number;
      hour++;
    }
    const share = Math.min((target - before) / (weights[hour] as number), 1);
    yield Math.min(Math.floor(from + (hour + share) * hourMs), until - 1);
  }
}

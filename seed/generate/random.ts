/** Draws from one reproducible sequence. */
export interface Random {
  /** From 0 up to, but not including, 1. */
  next(): number;
  /** A whole number from `from` to `to`, both included. */
  int(from: number, to: number): number;
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** A new array in another order. */
  shuffle<T>(items: readonly T[]): T[];
}

/**
 * The same seed gives the same sequence on every machine. The generator is Tommy Ettinger's mulberry32: 32 bits of state
 * are plenty for demo data, and useless for secrets.
 */
export function createRandom(seed: string): Random {
  let state = fnv1a(seed);
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const pick = <T>(items: readonly T[]): T => {
    if (items.length === 0) throw new RangeError('nothing to pick from');
    return items[Math.floor(next() * items.length)] as T;
  };
  return {
    next,
    int: (from, to) => from + Math.floor(next() * (to - from + 1)),
    chance: (probability) => next() < probability,
    pick,
    shuffle: (items) =>
      items
        .map((item) => ({ item, order: next() }))
        .sort((a, b) => a.order - b.order)
        .map(({ item }) => item),
  };
}

/** 32-bit FNV-1a hash (RFC 9923), which spreads similar seeds over the whole range. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}

/**
 * Draws an index from 0 to `size` - 1 with Zipf's law: the item of rank r (from 1) is drawn in proportion to
 * 1 / (r + `shift`) ^ `exponent`. The shift flattens the very top (Mandelbrot's form of the law).
 */
export function zipf(size: number, { exponent, shift }: { exponent: number; shift: number }) {
  const cumulative: number[] = [];
  let total = 0;
  for (let rank = 1; rank <= size; rank++) {
    total += 1 / (rank + shift) ** exponent;
    cumulative.push(total);
  }
  return (random: Random): number => {
    const target = random.next() * total;
    return firstAbove(cumulative, (sum) => sum > target);
  };
}

/** The index of the first item that is above, or the length if none is; the items below must all come before it. */
export function firstAbove<T>(items: readonly T[], isAbove: (item: T) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isAbove(items[middle] as T)) high = middle;
    else low = middle + 1;
  }
  return low;
}

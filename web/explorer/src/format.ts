/** A duration with about three digits: `0.42 ms`, `4.2 ms`, `420 ms`, `4.20 s`. */
export function formatMs(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  if (ms >= 100) return `${ms.toFixed(0)} ms`;
  return `${ms.toFixed(ms < 1 ? 2 : 1)} ms`;
}

/** A round duration without needless zeros, for an axis: `0`, `0.5 ms`, `50 ms`, `2 s`. */
export function formatTick(ms: number): string {
  if (ms === 0) return '0';
  return ms >= 1000 ? `${Number((ms / 1000).toPrecision(3))} s` : `${Number(ms.toPrecision(3))} ms`;
}

/** `1 call`, `2 calls`. */
export const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

/** A statement on one line, for a list. */
export const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** Shows how far an import is, in one line of text. */
export interface Progress {
  /** Rows that were read and dealt with now. */
  pass(done: { bytes: number; rows: number }, file: string): void;
  /** What an earlier, interrupted import dealt with. */
  skip(done: { bytes: number; rows: number }): void;
  /** What it waits for at the moment; undefined when it waits for nothing. */
  waitsFor(what: string | undefined): void;
}

/** The rate is that of the last seconds, so that it follows what happens. */
const windowMs = 10_000;
const tellEveryMs = 500;
const barWidth = 20;

/**
 * @param bytes of all files: bytes, not rows, say how much is left, since nobody knows the rows of a file before its end
 * @param tell gets a new line of text now and then
 */
export function createProgress(bytes: number, tell: (text: string) => void): Progress {
  const done = { bytes: 0, rows: 0 };
  let samples = [{ at: performance.now(), ...done }];
  let file = '';
  let waiting: string | undefined;
  let toldAt = 0;

  const show = () => {
    const now = performance.now();
    const [first = { at: now, ...done }] = samples;
    const seconds = Math.max(now - first.at, 1) / 1_000;
    tell(
      lineOf({
        share: bytes === 0 ? 1 : done.bytes / bytes,
        rows: done.rows,
        rowsPerSecond: (done.rows - first.rows) / seconds,
        secondsLeft: (bytes - done.bytes) / ((done.bytes - first.bytes) / seconds),
        what: waiting ? `waiting for ${waiting}` : file,
      }),
    );
    toldAt = now;
  };

  return {
    pass(passed, of) {
      const now = performance.now();
      // Another file has another pace.
      if (of !== file) samples = [{ at: now, ...done }];
      done.bytes += passed.bytes;
      done.rows += passed.rows;
      file = of;
      samples = [...samples.filter(({ at }) => now - at < windowMs), { at: now, ...done }];
      const { at: firstAt = now } = samples[0] ?? {};
      // Not before there is a rate that is worth telling.
      if (now - Math.max(toldAt, firstAt) >= tellEveryMs) show();
    },
    skip(skipped) {
      done.bytes += skipped.bytes;
      done.rows += skipped.rows;
      samples = [{ at: performance.now(), ...done }];
    },
    waitsFor(what) {
      if (what === waiting) return;
      waiting = what;
      show();
    },
  };
}

interface State {
  /** 0 to 1. */
  share: number;
  rows: number;
  rowsPerSecond: number;
  secondsLeft: number;
  what: string;
}

/** Such as ` 43% [█████████░░░░░░░░░░░] 12,345 rows, 2,345 rows/s, 1:23 left, ratings.csv`. */
export function lineOf({ share, rows, rowsPerSecond, secondsLeft, what }: State): string {
  const filled = Math.floor(Math.min(share, 1) * barWidth);
  const bar = '█'.repeat(filled) + '░'.repeat(barWidth - filled);
  const percent = String(Math.floor(Math.min(share, 1) * 100)).padStart(3);
  const left = Number.isFinite(secondsLeft) ? `${clock(secondsLeft)} left` : 'time left unknown';
  return `${percent}% [${bar}] ${count(rows)} rows, ${count(rowsPerSecond)} rows/s, ${left}, ${what}`;
}

/** A number as people read it. */
export const count = (number: number): string => Math.round(number).toLocaleString('en');

/** Seconds as `1:23` or `1:02:03`. */
export function clock(seconds: number): string {
  const whole = Math.ceil(seconds);
  const parts = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60, whole % 60];
  const [first = 0, ...rest] = parts[0] === 0 ? parts.slice(1) : parts;
  return [first, ...rest.map((part) => String(part).padStart(2, '0'))].join(':');
}

import { setTimeout as delay } from 'node:timers/promises';
import { reasonOf } from '../fanout/backoff.ts';
import { type Pending, type Progress, unpublished } from '../fanout/caught-up.ts';
import { count } from './progress.ts';

/** Holds an import back while the stores are too far behind. */
export interface BackPressure extends AsyncDisposable {
  /**
   * Waits until there is room for more; at once, where there is.
   * @param tell gets what is waited for, again and again
   * @throws AbortError when the signal aborts
   */
  room(signal: AbortSignal, tell: (what: string) => void): Promise<void>;
  /** Who is behind, in words; undefined when nobody is. */
  behind(): string | undefined;
}

/** Messages that the outbox may hold, or a sink may lag, before the import pauses; it goes on at half of that. */
const mostBehind = 20_000;
const lookEveryMs = 1_000;
/** A sink that stands still for so long while it is waited for is down, or switched off: that is its own trouble. */
const patienceMs = 30_000;

/**
 * Looks every second how far the write path is. Where that cannot be seen (Kafka is down), nothing is held back: the
 * outbox keeps what the relay cannot publish.
 * @param open connects to what can be asked; called again after it failed
 * @param warn is told once when it cannot be seen
 */
export function watchFanout(open: () => Promise<Progress>, warn: (line: string) => void): BackPressure {
  const stop = new AbortController();
  const standing = new Map<string, number>();
  let lags: ReadonlyMap<string, number> = new Map();
  let isSeen = true;

  const take = (pending: Pending) => {
    const sinks = pending.sinks.entries().map(([name, { lag }]) => [name, lag] as const);
    lags = new Map([['the relay', unpublished(pending)], ...sinks]);
    isSeen = true;
    for (const [name, lag] of standing) if ((lags.get(name) ?? 0) < lag) standing.delete(name);
  };
  const looking = (async () => {
    while (!stop.signal.aborted) {
      try {
        await using progress = await open();
        while (!stop.signal.aborted) {
          take(await progress.read());
          await delay(lookEveryMs, undefined, { signal: stop.signal });
        }
      } catch (error) {
        if (stop.signal.aborted) return;
        if (isSeen)
          warn(`how far the stores are cannot be seen, so the import does not wait for them: ${reasonOf(error)}`);
        isSeen = false;
        lags = new Map();
        await delay(lookEveryMs, undefined, { signal: stop.signal }).catch(() => {});
      }
    }
  })();

  /** The one who is furthest behind, of those who move. */
  const last = () =>
    [...lags].filter(([name]) => !standing.has(name)).reduce((most, one) => (one[1] > most[1] ? one : most), ['', 0]);

  return {
    async room(signal, tell) {
      if (last()[1] <= mostBehind) return;
      let least = Number.POSITIVE_INFINITY;
      let movedAt = performance.now();
      for (let [name, lag] = last(); lag > mostBehind / 2; [name, lag] = last()) {
        if (lag < least) [least, movedAt] = [lag, performance.now()];
        if (performance.now() - movedAt > patienceMs) {
          standing.set(name, lag);
          [least, movedAt] = [Number.POSITIVE_INFINITY, performance.now()];
        }
        tell(`${name}, which is ${count(lag)} events behind`);
        await delay(lookEveryMs, undefined, { signal });
      }
    },
    behind() {
      const list = [...lags].filter(([, lag]) => lag > 0).map(([name, lag]) => `${name} ${count(lag)}`);
      return list.length > 0 ? list.join(', ') : undefined;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      // A look at a server that hangs ends by its own time limit; nobody waits for what it sees.
      await Promise.race([looking, delay(500)]);
    },
  };
}

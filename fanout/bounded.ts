import { setTimeout as delay } from 'node:timers/promises';

/** How long an answer serves, and how long one waits for a new one. */
const freshForMs = 5_000;
const waitMs = 1_000;
/** How long an answer that came too late for whoever asked serves whoever asks next: scrapes are rarer than `freshForMs`. */
const lateForMs = 60_000;

/**
 * Makes a question to a server cheap and harmless to repeat: it is asked once in five seconds, whoever asks, and waited for
 * no longer than a second; what comes later serves the next.
 * @param ask should give up by itself some time; until it does it is not asked again
 * @returns gives undefined while there is no answer; never throws
 */
export function bounded<T>(ask: () => Promise<T>, onFailure: (error: unknown) => void): () => Promise<T | undefined> {
  let latest: { answer: T | undefined; at: number; serves: number } | undefined;
  let asking: Promise<void> | undefined;
  let askedAt = 0;
  const fresh = () => (latest && performance.now() - latest.at < latest.serves ? latest : undefined);
  const keep = (answer: T | undefined) => {
    const at = performance.now();
    const isLate = answer !== undefined && at - askedAt > waitMs;
    latest = { answer, at, serves: isLate ? lateForMs : freshForMs };
    asking = undefined;
  };
  const begin = () => {
    askedAt = performance.now();
    return ask().then(keep, (error: unknown) => {
      onFailure(error);
      keep(undefined);
    });
  };
  return async () => {
    if (!fresh()) {
      asking ??= begin();
      const enough = new AbortController();
      const timer = delay(waitMs, undefined, { signal: enough.signal }).catch(() => {});
      await Promise.race([asking, timer]);
      enough.abort();
    }
    const found = fresh();
    // A late answer serves but once beyond its time.
    if (found) found.serves = freshForMs;
    return found?.answer;
  };
}

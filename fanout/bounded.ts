import { setTimeout as delay } from 'node:timers/promises';

/** How long an answer serves, and how long one waits for a new one. */
const freshForMs = 5_000;
const waitMs = 1_000;

/**
 * Makes a question to a server cheap and harmless to repeat: it is asked once in five seconds, whoever asks, and waited for
 * no longer than a second; what comes later serves the next.
 * @param ask should give up by itself some time; until it does it is not asked again
 * @returns gives undefined while there is no answer; never throws
 */
export function bounded<T>(ask: () => Promise<T>, onFailure: (error: unknown) => void): () => Promise<T | undefined> {
  let latest: { answer: T | undefined; at: number } | undefined;
  let asking: Promise<void> | undefined;
  const fresh = () => (latest && performance.now() - latest.at < freshForMs ? latest : undefined);
  const keep = (answer: T | undefined) => {
    latest = { answer, at: performance.now() };
    asking = undefined;
  };
  const begin = () =>
    ask().then(keep, (error: unknown) => {
      onFailure(error);
      keep(undefined);
    });
  return async () => {
    if (!fresh()) {
      asking ??= begin();
      const enough = new AbortController();
      const timer = delay(waitMs, undefined, { signal: enough.signal }).catch(() => {});
      await Promise.race([asking, timer]);
      enough.abort();
    }
    return fresh()?.answer;
  };
}

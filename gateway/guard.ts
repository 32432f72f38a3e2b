import { AsyncLocalStorage } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';
import { setTimeout as delay } from 'node:timers/promises';
import {
  BrokenCircuitError,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
} from 'cockatiel';
import { codedError, codeOf } from './errors.ts';
import { currentRequest } from './request.ts';

/** What a guard knows of the server that it stands before. */
export interface GuardOptions {
  /** The store's name, as errors give it. */
  store: string;
  /** What it stands before: a subgraph behind HTTP has the name of its store. @default 'store' */
  kind?: BreakerChange['kind'];
  /** The longest that one call may take, in milliseconds; a request's own deadline may be shorter, `patiently` longer. */
  timeoutMs: number;
  /** Whether an error of the client means that the server cannot be reached, rather than that it refused the call. */
  isOutage(error: unknown): boolean;
}

export interface GuardedCall<T> {
  /** Does the call; should give up when the signal aborts, which it does after `budgetMs`. */
  work(signal: AbortSignal, budgetMs: number): Promise<T>;
  /** Whether the same again does no harm: it is then asked once more when the connection breaks. */
  isRepeatable: boolean;
  /** @default the guard's own */
  timeoutMs?: number;
}

/**
 * Makes one call of a server: with a deadline, behind a circuit breaker, and where it is repeatable with one more attempt.
 * @throws STORE_UNAVAILABLE, STORE_TIMEOUT or STORE_ERROR; coded errors of `work` pass through
 */
export type Guard = <T>(call: GuardedCall<T>) => Promise<T>;

/** A breaker that changed: whether its store is asked (`closed`), tried with one call (`half-open`) or left alone (`open`). */
export interface BreakerChange {
  kind: 'store' | 'subgraph';
  /** The name of the store or the subgraph. */
  name: string;
  state: 'closed' | 'half-open' | 'open';
}

/** Every `BreakerChange` of this process. */
export const breakerChanges = channel('streamshop:breaker');

const patience = new AsyncLocalStorage<number>();
const patientMs = 30_000;

/**
 * Runs work for which no client waits, such as a sink's batch: its calls may take half a minute. A busy store that takes
 * longer for a batch than a page may wait for it would otherwise be asked for the same again and again, in vain.
 */
export const patiently = <T>(work: () => T): T => patience.run(patientMs, work);

/** After this many outages or timeouts in a row a store is left alone for a moment, so that pages do not wait for it. */
const failuresUntilOpen = 5;
/** A store that hangs costs the page that tries it a whole deadline, so it is tried ever more seldom. */
const openForMs = { first: 1_000, most: 5_000 };
/** Before a read is asked again: long enough for a client to open another connection, and not the same for all. */
const repeatAfterMs = { least: 20, most: 60 };

export function createGuard({ store, kind = 'store', timeoutMs: usualMs, isOutage }: GuardOptions): Guard {
  /** Timeouts of requests that had less time than the store may take: they say nothing of the store. */
  const impatient = new WeakSet<Error>();
  const isStoreDown = (error: unknown) =>
    !impatient.has(error as Error) && ['STORE_UNAVAILABLE', 'STORE_TIMEOUT'].includes(codeOf(error) ?? '');
  const breaker = circuitBreaker(handleWhen(isStoreDown), {
    halfOpenAfter: new ExponentialBackoff({ initialDelay: openForMs.first, maxDelay: openForMs.most }),
    breaker: new ConsecutiveBreaker(failuresUntilOpen),
  });
  breaker.onStateChange((changed) => {
    const state = stateNames[changed];
    if (state) breakerChanges.publish({ kind, name: store, state } satisfies BreakerChange);
  });

  const translate = (error: unknown) => {
    if (codeOf(error)) return error;
    if (isOutage(error) || error instanceof BrokenCircuitError) {
      return codedError('STORE_UNAVAILABLE', `${store} cannot be reached.`, { store, cause: error });
    }
    return codedError('STORE_ERROR', `${store} could not answer.`, { store, cause: error });
  };

  return async ({ work, isRepeatable, timeoutMs = usualMs }) => {
    const longestMs = patience.getStore() ?? timeoutMs;
    const budgetMs = Math.min(longestMs, currentRequest()?.remainingMs() ?? longestMs);
    const deadline = performance.now() + budgetMs;
    let mayRepeat = isRepeatable;

    const timedOut = () =>
      codedError('STORE_TIMEOUT', `${store} did not answer within ${Math.round(budgetMs)} ms.`, { store });
    const attempt = async () => {
      const leftMs = deadline - performance.now();
      // What nobody waits for any more is not even begun.
      if (leftMs <= 0) throw timedOut();
      // Cockatiel would let this call wait for the probe that is under way, for as long as that may take.
      if (breaker.state === CircuitState.HalfOpen) throw new BrokenCircuitError();
      return await breaker.execute(async () => {
        const isProbe = breaker.state === CircuitState.HalfOpen;
        try {
          return await withinMs(leftMs, (signal) => work(signal, leftMs));
        } catch (error) {
          if (error !== late) throw translate(error);
          const timeout = timedOut();
          // A probe that timed out, however soon, has not shown that the store is back.
          if (budgetMs < longestMs && !isProbe) impatient.add(timeout);
          throw timeout;
        }
      });
    };

    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        // What the deadline ended has no time left, and an open breaker is asked by nobody.
        const isWorthIt = codeOf(error) === 'STORE_UNAVAILABLE' && deadline - performance.now() > repeatAfterMs.most;
        if (!mayRepeat || !isWorthIt) throw translate(error);
        mayRepeat = false;
        await delay(repeatAfterMs.least + Math.random() * (repeatAfterMs.most - repeatAfterMs.least));
      }
    }
  };
}

const stateNames: Partial<Record<CircuitState, BreakerChange['state']>> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.HalfOpen]: 'half-open',
  [CircuitState.Open]: 'open',
};

const late = Symbol('late');

/** Gives what `work` gives, or rejects with `late` and aborts its signal once the time is up. */
async function withinMs<T>(budgetMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const timer = Promise.withResolvers<never>();
  const timeout = setTimeout(() => {
    timer.reject(late);
    abort.abort();
  }, budgetMs);
  try {
    return await Promise.race([work(abort.signal), timer.promise]);
  } finally {
    clearTimeout(timeout);
  }
}

const networkErrorCodes = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN'],
]);

/** Whether an error is one of Node's sockets and name look-ups, which drivers pass on: a server that cannot be reached. */
export const isNetworkError = (error: unknown): boolean =>
  networkErrorCodes.has(String((error as { code?: unknown } | null)?.code));

import { AsyncLocalStorage } from 'node:async_hooks';
import { tracingChannel } from 'node:diagnostics_channel';
import { BrokenCircuitError, ConsecutiveBreaker, circuitBreaker, ExponentialBackoff, handleWhen } from 'cockatiel';
import { codedError, codeOf } from './errors.ts';
import { currentRequest } from './request.ts';

/** What a seam knows of its store. */
export interface SeamOptions {
  store: string;
  /** The longest that one call may take, in milliseconds; a request's own deadline may be shorter, `patiently` longer. */
  timeoutMs: number;
  /** Whether an error of the client means that the store cannot be reached, rather than that it refused the query. */
  isOutage(error: unknown): boolean;
}

/** One call of a store, as `storeCalls` publishes it. */
export interface StoreCall {
  store: string;
  /** The native statement: SQL, CQL, a Redis command … */
  statement: string;
}

/**
 * Runs one native query: with a deadline, behind a circuit breaker, observable.
 * @param statement the native statement, for those who observe
 * @param work does the call; should give up when the signal aborts, which it does after `budgetMs`
 * @throws STORE_UNAVAILABLE, STORE_TIMEOUT or STORE_ERROR; coded errors of `work` pass through
 */
export type Seam = <T>(statement: string, work: (signal: AbortSignal, budgetMs: number) => Promise<T>) => Promise<T>;

/** Observers of store calls subscribe here (tests count calls); without a subscriber it costs nothing. */
export const storeCalls = tracingChannel<unknown, StoreCall>('streamshop:store');

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

/** The one gate that every native query of a store passes. */
export function createSeam({ store, timeoutMs, isOutage }: SeamOptions): Seam {
  /** Timeouts of requests that had less time than the store may take: they say nothing of the store. */
  const impatient = new WeakSet<Error>();
  const isStoreDown = (error: unknown) =>
    !impatient.has(error as Error) && ['STORE_UNAVAILABLE', 'STORE_TIMEOUT'].includes(codeOf(error) ?? '');
  const breaker = circuitBreaker(handleWhen(isStoreDown), {
    halfOpenAfter: new ExponentialBackoff({ initialDelay: openForMs.first, maxDelay: openForMs.most }),
    breaker: new ConsecutiveBreaker(failuresUntilOpen),
  });

  const translate = (error: unknown) => {
    if (codeOf(error)) return error;
    if (isOutage(error) || error instanceof BrokenCircuitError) {
      return codedError('STORE_UNAVAILABLE', `${store} cannot be reached.`, { store, cause: error });
    }
    return codedError('STORE_ERROR', `${store} could not answer.`, { store, cause: error });
  };

  return async (statement, work) => {
    const longestMs = patience.getStore() ?? timeoutMs;
    const budgetMs = Math.min(longestMs, currentRequest()?.remainingMs() ?? longestMs);
    const call = () =>
      withinMs(budgetMs, (signal) => work(signal, budgetMs)).catch((error: unknown) => {
        if (error !== late) throw translate(error);
        const timeout = codedError('STORE_TIMEOUT', `${store} did not answer within ${Math.round(budgetMs)} ms.`, {
          store,
        });
        if (budgetMs < longestMs) impatient.add(timeout);
        throw timeout;
      });
    try {
      return await storeCalls.tracePromise(() => breaker.execute(call), { store, statement });
    } catch (error) {
      throw translate(error);
    }
  };
}

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

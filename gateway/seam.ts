import { tracingChannel } from 'node:diagnostics_channel';
import { createGuard, type GuardOptions } from './guard.ts';
import { currentOrigin, type Origin } from './request.ts';

/** What a seam knows of its store. */
export interface SeamOptions extends GuardOptions {
  /**
   * A statement with its values, as one pastes it into the store's own shell (psql, cqlsh, redis-cli …). Only the X-ray
   * asks for it.
   */
  inShell?(statement: string, parameters: Parameters): string;
}

/** Values of a statement's placeholders, in order or by name. */
export type Parameters = readonly unknown[] | Readonly<Record<string, unknown>>;

/** Stands among a statement's parameters for a value that nobody may see, such as a session's key. */
export const secret = Symbol('secret');

/** What a store is asked. */
export interface Statement<T = unknown> {
  /** In the store's own language, with placeholders: no value of a caller's stands in it. */
  text: string;
  /** What stands in the placeholders; kept by reference and looked at only where somebody observes. */
  parameters?: Parameters;
  /** A read: asked once more when the connection breaks. @default false */
  isRead?: boolean;
  /** How many rows, documents, hits … an answer has. @default an array's length */
  rowsOf?(answer: T): number;
  /** The longest that this call may take, where it is longer than others of its store, such as a change of the schema. */
  timeoutMs?: number;
}

/** One call of a store, as `storeCalls` publishes it. Node adds `result` or `error` once it has ended. */
export interface StoreCall {
  store: string;
  statement: string;
  parameters: Parameters;
  /** Attempts made so far. */
  attempts: number;
  /** On whose behalf; undefined in sinks, migrations and other work without a client. */
  origin: Origin | undefined;
  rowsOf?(answer: unknown): number;
  inShell?(statement: string, parameters: Parameters): string;
  result?: unknown;
  error?: unknown;
}

/**
 * Runs one native query: with a deadline, behind a circuit breaker, observable.
 * @param statement what is asked; a text alone is a statement without values that is not repeated
 * @param work does the call; should give up when the signal aborts, which it does after `budgetMs`. Where the statement
 *   is known only then, it may change the call's.
 * @throws STORE_UNAVAILABLE, STORE_TIMEOUT or STORE_ERROR; coded errors of `work` pass through
 */
export type Seam = <T>(
  statement: string | Statement<T>,
  work: (signal: AbortSignal, budgetMs: number, call: StoreCall) => Promise<T>,
) => Promise<T>;

/** Observers of store calls subscribe here; without a subscriber it costs nothing. */
export const storeCalls = tracingChannel<unknown, StoreCall>('streamshop:store');

/** The one gate that every native query of a store passes. */
export function createSeam({ inShell, ...options }: SeamOptions): Seam {
  const guard = createGuard(options);
  const { store } = options;

  return (asked, work) => {
    const statement: Statement = typeof asked === 'string' ? { text: asked } : (asked as Statement);
    const { text, parameters = [], isRead = false, rowsOf, timeoutMs } = statement;
    const origin = currentOrigin();
    const call: StoreCall = { store, statement: text, parameters, attempts: 0, origin, rowsOf, inShell };
    const attempt = (signal: AbortSignal, budgetMs: number) => {
      call.attempts += 1;
      return work(signal, budgetMs, call);
    };
    return storeCalls.tracePromise(() => guard({ work: attempt, isRepeatable: isRead, timeoutMs }), call);
  };
}

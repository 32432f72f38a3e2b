import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';

/** Waits a little longer each time, up to a cap. */
export interface Backoff {
  /** @throws AbortError when the signal aborts */
  wait(signal: AbortSignal): Promise<void>;
  reset(): void;
}

export function createBackoff({ firstMs, capMs }: { firstMs: number; capMs: number }): Backoff {
  let nextMs = firstMs;
  return {
    async wait(signal) {
      const ms = nextMs;
      nextMs = Math.min(nextMs * 2, capMs);
      await delay(ms, undefined, { signal });
    },
    reset: () => {
      nextMs = firstMs;
    },
  };
}

/** The pace of everything that waits for a server to come back. */
export const outageBackoff = () => createBackoff({ firstMs: 100, capMs: 2_000 });

/** Logs an outage when the first of its members meets it and when the last is through, whatever happens in between. */
export interface OutageLog {
  member(): OutageMember;
}

export interface OutageMember {
  begins(error: unknown): void;
  ends(): void;
  /** Is no longer concerned: neither in the outage nor a sign of its end. */
  leave(): void;
}

export function createOutageLog(logger: Logger, what: string): OutageLog {
  let since: number | undefined;
  const concerned = new Set<OutageMember>();
  return {
    member() {
      const member: OutageMember = {
        begins(error) {
          concerned.add(member);
          if (since !== undefined) return;
          since = performance.now();
          logger.warn({ reason: reasonOf(error) }, `${what} is out of reach; waiting and trying again`);
        },
        ends() {
          concerned.delete(member);
          if (since === undefined || concerned.size > 0) return;
          logger.info({ outageMs: Math.round(performance.now() - since) }, `${what} is back`);
          since = undefined;
        },
        leave: () => concerned.delete(member),
      };
      return member;
    },
  };
}

/** An error in one line. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  if (!(error instanceof Error)) return String(error);
  const original = (error as { originalError?: unknown }).originalError ?? error.cause;
  // A coded error says what a client may know; the store's own words are in what caused it.
  const cause = original instanceof Error && !error.message.includes(original.message) ? `: ${reasonOf(original)}` : '';
  return (error.message || error.name) + cause;
}

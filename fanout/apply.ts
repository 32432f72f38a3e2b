import { createBackoff, type OutageMember, outageBackoff } from './backoff.ts';
import type { Item } from './message.ts';
import type { RetryReason } from './observe.ts';
import { Rewind } from './sink.ts';

/** What applying a run of messages needs. */
export interface ApplySteps {
  /** Applies the events of a run; the position is after its last message then. */
  apply(run: readonly Item[]): Promise<void>;
  /** Says whether the store takes writes. */
  probe(): Promise<void>;
  /** Keeps the message as a dead letter. */
  bury(item: Item, reason: unknown): Promise<void>;
  /** Told after each part that is done for good: everything up to its last message is applied or buried. */
  advance(run: readonly Item[]): Promise<void>;
  /** Told of each failure after which the same is tried again. */
  retried(reason: RetryReason): void;
  /** Told of each failure that is the store's, and of each success. */
  outage: OutageMember;
  signal: AbortSignal;
}

/** So often must an event fail by itself, the store taking a probe write after each time, before it is a dead letter. */
const failuresUntilDead = 5;

/**
 * Applies consecutive messages, for as long as it takes. A failure with a store that takes no probe write is an outage,
 * which is waited out. A failure with a store that does is somebody's fault, so the run is cut in half until one event
 * is left, and that one is buried when it keeps failing; all others are applied.
 * @throws Rewind when the store wants other messages first; AbortError when the signal aborts
 */
export async function applyAll(run: readonly Item[], steps: ApplySteps): Promise<void> {
  const { signal, outage } = steps;
  const down = outageBackoff();
  const retry = createBackoff({ firstMs: 200, capMs: 2_000 });
  // Nothing in a run without events can be at fault, nor does its success say anything of the store.
  const isEmpty = !run.some(isEvent);
  let failures = 0;
  while (true) {
    signal.throwIfAborted();
    try {
      await steps.apply(run);
      if (!isEmpty) outage.ends();
      return await steps.advance(run);
    } catch (error) {
      if (error instanceof Rewind || signal.aborted) throw error;
      if (isEmpty || !(await succeeds(steps.probe))) {
        outage.begins(error);
        failures = 0;
        steps.retried('store');
        await down.wait(signal);
        continue;
      }
      outage.ends();
      down.reset();
      const halves = halve(run);
      if (halves) {
        steps.retried('batch');
        for (const half of halves) await applyAll(half, steps);
        return;
      }
      failures++;
      if (failures < failuresUntilDead) {
        steps.retried('event');
        await retry.wait(signal);
        continue;
      }
      const [event] = run.filter(isEvent);
      if (event) await steps.bury(event, error);
      // The rest of the run has no event, but the store's own position may have to move past it.
      return await applyAll(
        run.map((item) => (item === event ? { ...item, reading: { kind: 'foreign' } } : item)),
        steps,
      );
    }
  }
}

const isEvent = (item: Item) => item.reading.kind === 'event';

/** Cuts a run so that each part has half of the events; null when it has but one. */
function halve(run: readonly Item[]): [readonly Item[], readonly Item[]] | null {
  const events = run.flatMap((item, index) => (isEvent(item) ? [index] : []));
  const middle = events[Math.ceil(events.length / 2)];
  return middle === undefined ? null : [run.slice(0, middle), run.slice(middle)];
}

async function succeeds(probe: () => Promise<void>): Promise<boolean> {
  try {
    await probe();
    return true;
  } catch {
    return false;
  }
}

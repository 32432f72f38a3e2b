import { setTimeout as delay } from 'node:timers/promises';
import { codedError } from './errors.ts';

/** Makes a read wait for the sinks of the stores that it reads. One a request; header `x-streamshop-after`. */
export interface ReadAfter {
  /** Waits until the sink of that room has applied the event, or the bound is reached. */
  waitFor(sink: string): Promise<void>;
  /** The sinks that were waited for in vain. */
  notYetApplied(): string[];
  /** The event's. */
  type: string;
}

/** A sink's state for the event, as the graph's `event(id) { sinks }` gives it. */
export interface SinkState {
  name: string;
  status: 'PENDING' | 'APPLIED' | 'DEAD' | 'NOT_CONSUMED';
}

/** An event as the graph's `event(id)` gives it. */
export interface AskedEvent {
  type: string;
  /** Empty when Kafka cannot tell. */
  sinks: readonly SinkState[];
}

export interface ReadAfterOptions {
  /** Asks the graph for the event, as the same viewer; null when there is no such event of theirs. */
  askEvent(): Promise<AskedEvent | null>;
  timeoutMs: number;
}

/** First soon, since most events are applied within some milliseconds; then ever more seldom. */
const pollMs = { first: 10, most: 200 };

/**
 * Begins to follow an event.
 * @throws BAD_USER_INPUT when the viewer has no such event
 */
export async function startReadAfter({ askEvent, timeoutMs }: ReadAfterOptions): Promise<ReadAfter> {
  const deadline = performance.now() + timeoutMs;
  const first = await askEvent();
  if (!first) throw codedError('BAD_USER_INPUT', 'x-streamshop-after names no event of yours.');

  let states = first.sinks;
  let asking: Promise<void> | undefined;
  const late = new Set<string>();
  const settled = (sink: string) => {
    const status = states.find(({ name }) => name === sink)?.status;
    // Waiting helps neither a dead letter nor a state that Kafka cannot tell: both count as not applied at once.
    if (status === 'DEAD' || status === undefined) late.add(sink);
    return status !== 'PENDING';
  };
  let pauseMs = pollMs.first;
  const askAgain = async () => {
    await delay(pauseMs);
    pauseMs = Math.min(pauseMs * 1.5, pollMs.most);
    states = (await askEvent())?.sinks ?? states;
    asking = undefined;
  };

  return {
    async waitFor(sink) {
      while (!settled(sink)) {
        if (performance.now() >= deadline) {
          late.add(sink);
          return;
        }
        asking ??= askAgain();
        await asking;
      }
    },
    notYetApplied: () => [...late].sort(),
    type: first.type,
  };
}

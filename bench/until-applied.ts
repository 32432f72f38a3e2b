import { setTimeout as delay } from 'node:timers/promises';
import { hasMoved, type Pending, type Progress, unpublished } from '../fanout/caught-up.ts';

const askAgainMs = 250;
const giveUpAfterMs = 60_000;

/**
 * Waits until every event that is written is published and applied by every sink.
 * @throws Error when for a minute nothing has moved
 */
export async function untilApplied(progress: Progress): Promise<void> {
  let before = await progress.read();
  let movedAt = performance.now();
  while (!isDone(before)) {
    if (performance.now() - movedAt > giveUpAfterMs) throw new Error('for a minute, no event was published or applied');
    await delay(askAgainMs);
    const now = await progress.read();
    if (hasMoved(before, now)) movedAt = performance.now();
    before = now;
  }
}

const isDone = (pending: Pending) => unpublished(pending) === 0 && pending.sinks.values().every(({ lag }) => lag === 0);

import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Settings } from '../config.ts';
import type { Room } from '../gateway/room.ts';
import { reasonOf } from './backoff.ts';
import { createLease } from './lease.ts';
import { mongoClient } from './mongo-outbox.ts';
import { sweepUploads } from './sweep-uploads.ts';
import { startWorker, type Worker } from './worker.ts';

const sweepEveryMs = 3_600_000;
const lookEveryMs = 600_000;

export interface SweeperOptions {
  rooms: readonly Room[];
  settings: Settings;
  logger: Logger;
}

/**
 * Sweeps uploads once an hour, whichever process and however many: each looks every ten minutes whether it is time. What keeps it
 * from its work is logged, and tried again at the next look.
 */
export function startUploadSweeper({ rooms, settings, logger }: SweeperOptions): Worker {
  return startWorker(async (signal, isReady) => {
    isReady();
    for (;;) {
      try {
        const removed = await sweepInTurn({ rooms, settings, signal });
        if (removed) logger.info({ removed }, 'removed uploads that nothing refers to');
      } catch (error) {
        signal.throwIfAborted();
        logger.warn({ reason: reasonOf(error) }, 'could not sweep uploads; trying again in ten minutes');
      }
      await delay(lookEveryMs, undefined, { signal });
    }
  });
}

/**
 * Sweeps, where nobody has within the last hour. The lease lasts for that hour and is not given back, which is what keeps all
 * others from it; only a sweep that fails gives it back, lest it cost the hour.
 * @returns how many uploads it has removed; null where it was not its turn
 */
export async function sweepInTurn(
  options: Omit<SweeperOptions, 'logger'> & { signal?: AbortSignal; now?: Date },
): Promise<number | null> {
  const client = mongoClient(options.settings.mongo);
  try {
    await client.connect();
    const lease = createLease(client.db(), 'upload-sweep', sweepEveryMs);
    if (!(await lease.hold())) return null;
    let removed = 0;
    try {
      await sweepUploads({
        ...options,
        onRemoved: (ids) => {
          removed += ids.length;
        },
      });
    } catch (error) {
      await lease.release().catch(() => {});
      throw error;
    }
    return removed;
  } finally {
    await client.close(true);
  }
}

import { createGuard } from '../../gateway/guard.ts';
import type { Seam, SeamOptions, StoreCall } from '../../gateway/seam.ts';
import { storeCalls } from '../../gateway/seam.ts';

// gateway/seam.ts with what the metrics ask for, and no more: that a store is called, that the call has ended, and how. Nobody
// learns what was asked or on whose behalf.
export { secret, storeCalls } from '../../gateway/seam.ts';

export function createSeam(options: SeamOptions): Seam {
  const guard = createGuard(options);
  const { store } = options;

  return async (asked, work) => {
    const { isRead = false, timeoutMs } = typeof asked === 'string' ? {} : asked;
    const call: StoreCall = { store, statement: '', parameters: [], attempts: 0, origin: undefined };
    const attempt = (signal: AbortSignal, budgetMs: number) => {
      call.attempts += 1;
      return work(signal, budgetMs, call);
    };
    storeCalls.start.publish(call);
    try {
      return await guard({ work: attempt, isRepeatable: isRead, timeoutMs });
    } catch (error) {
      call.error = error;
      throw error;
    } finally {
      storeCalls.asyncEnd.publish(call);
    }
  };
}

/** What wakes a waiting relay: a notification, or the loss of its connection. */
export interface Bell {
  ring(): void;
  fail(error: Error): void;
  reset(): void;
  /**
   * Waits until it rang since the last reset, the time is up or the signal aborts.
   * @throws what the bell failed with
   */
  heard(ms: number, signal: AbortSignal): Promise<void>;
}

export function createBell(): Bell {
  let hasRung = false;
  let failure: Error | undefined;
  let wake = () => {};
  return {
    ring() {
      hasRung = true;
      wake();
    },
    fail(error) {
      failure ??= error;
      wake();
    },
    reset() {
      hasRung = false;
    },
    async heard(ms, signal) {
      if (!hasRung && !failure && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
          signal.addEventListener('abort', wake, { once: true });
        });
        signal.removeEventListener('abort', wake);
        wake = () => {};
      }
      if (failure) throw failure;
    },
  };
}

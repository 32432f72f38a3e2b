/** Something that runs until it is told to stop: the relay, or a sink. */
export interface Worker {
  /** Fulfilled once it has begun to work; rejected when it ended before. */
  ready: Promise<void>;
  /** Fulfilled when it was stopped; rejected on a programming error. */
  done: Promise<void>;
  /** Finishes what is in hand, then ends. */
  stop(): Promise<void>;
}

/** Runs `work` until it is stopped. `work` calls `isReady` once it has begun, and ends soon after its signal aborts. */
export function startWorker(work: (signal: AbortSignal, isReady: () => void) => Promise<void>): Worker {
  const stopping = new AbortController();
  const ready = Promise.withResolvers<void>();
  const done = work(stopping.signal, ready.resolve).catch((error: unknown) => {
    if (!stopping.signal.aborted) throw error;
  });
  done.then(
    () => ready.reject(new Error('stopped before it was ready')),
    (error: unknown) => ready.reject(error),
  );
  ready.promise.catch(() => {});
  return {
    ready: ready.promise,
    done,
    async stop() {
      stopping.abort();
      await done;
    },
  };
}

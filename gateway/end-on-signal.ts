/** At SIGTERM or SIGINT closes what the program has open, in that order, and ends it with 0. */
export function endOnSignal(...open: readonly AsyncDisposable[]): void {
  const end = async () => {
    for (const one of open) await one[Symbol.asyncDispose]();
    process.exit(0);
  };
  process.once('SIGTERM', end).once('SIGINT', end);
}

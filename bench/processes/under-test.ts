import { startProfile } from '../profile.ts';
import { watchStores } from '../store-use.ts';
import { answerParent } from './child.ts';

/**
 * Tells the parent that a server listens, and from then on what the process costs: `cpu` in milliseconds of all its threads,
 * `memory` in bytes; between `watch` and `watched` which stores it called, between `profile` and `profiled` where the time goes.
 * @param ready where it listens
 */
export function answerUnderTest(ready: object): void {
  let watched: ReturnType<typeof watchStores> | undefined;
  let profiled: Awaited<ReturnType<typeof startProfile>> | undefined;
  answerParent(ready, {
    cpu: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1_000;
    },
    memory: () => process.memoryUsage.rss(),
    watch: () => {
      watched = watchStores();
    },
    watched: () => watched?.(),
    profile: async () => {
      profiled = await startProfile();
    },
    profiled: () => profiled?.(),
  });
}

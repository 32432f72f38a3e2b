import { Session } from 'node:inspector/promises';

/** How much of the busy CPU time of the main thread was spent in a package's own code. */
export interface Share {
  package: string;
  /** 0 to 1. */
  share: number;
}

/** Samples while nothing runs are no work. */
const idle = new Set(['(idle)', '(root)', '(program)']);

/** Profiles `work` and gives the packages that kept the CPU busiest with code of their own, busiest first. */
export async function busiestPackages(work: () => Promise<void>): Promise<Share[]> {
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
    await work();
    const { profile } = await session.post('Profiler.stop');
    const counts = new Map<string, number>();
    for (const { callFrame, hitCount = 0 } of profile.nodes) {
      if (idle.has(callFrame.functionName)) continue;
      const name = packageOf(callFrame);
      counts.set(name, (counts.get(name) ?? 0) + hitCount);
    }
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
    return [...counts]
      .map(([name, count]) => ({ package: name, share: count / total }))
      .sort((a, b) => b.share - a.share);
  } finally {
    session.disconnect();
  }
}

function packageOf({ url, functionName }: { url: string; functionName: string }): string {
  if (functionName === '(garbage collector)') return 'garbage collector';
  const [, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? [];
  if (name) return name;
  return url.startsWith('file:') ? 'StreamShop' : 'Node';
}

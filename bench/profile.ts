import { type Profiler, Session } from 'node:inspector/promises';

/** How much of the busy CPU time of the main thread was spent in a package's code, and in Node's on its behalf. */
export interface Share {
  package: string;
  /** 0 to 1. */
  share: number;
}

/** Samples while nothing runs are no work. */
const idle = new Set(['(idle)', '(root)', '(program)']);

/** Profiles `work` and gives the packages that kept the CPU busiest, busiest first. */
export async function busiestPackages(work: () => Promise<void>): Promise<Share[]> {
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
    await work();
    const { profile } = await session.post('Profiler.stop');
    return shares(profile.nodes);
  } finally {
    session.disconnect();
  }
}

function shares(nodes: readonly Profiler.ProfileNode[]): Share[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const counts = new Map<string, number>();
  const visit = (node: Profiler.ProfileNode, caller: string) => {
    const name = packageOf(node.callFrame) ?? caller;
    if (!idle.has(node.callFrame.functionName)) counts.set(name, (counts.get(name) ?? 0) + (node.hitCount ?? 0));
    for (const id of node.children ?? []) visit(byId.get(id) as Profiler.ProfileNode, name);
  };
  // The tree's root comes first.
  visit(nodes[0] as Profiler.ProfileNode, 'Node');
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return [...counts]
    .map(([name, count]) => ({ package: name, share: count / total }))
    .sort((a, b) => b.share - a.share);
}

/** Undefined for Node's own functions, which count for whoever calls them. */
function packageOf({ url, functionName }: { url: string; functionName: string }): string | undefined {
  if (functionName === '(garbage collector)') return 'garbage collector';
  const [, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? [];
  return name ?? (url.startsWith('file:') ? 'StreamShop' : undefined);
}

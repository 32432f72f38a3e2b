import { type Profiler, Session } from 'node:inspector/promises';

/** How much of the time in which a process's main thread was not idle something took, 0 to 1. */
export interface Share {
  name: string;
  share: number;
}

/** Where the time went, busiest first; only the busiest. */
export interface Profile {
  /** A package's own code, and Node's on its behalf. */
  packages: Share[];
  /** The time in a function itself, not in those that it calls: name and file, with what Node has no file for by name alone. */
  functions: Share[];
}

/** Of thousands of functions, these say something. */
const kept = 25;

/** Samples while nothing runs are no work. */
const idle = new Set(['(idle)', '(root)']);
/** Samples in native code below no JavaScript, such as the event loop's own: work of nobody in particular. */
const native = '(program)';

/** Starts to profile this process; the function that it gives ends that and gives the profile. */
export async function startProfile(): Promise<() => Promise<Profile>> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.start');
  return async () => {
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    return profileOf(profile.nodes);
  };
}

/** Sums the samples of a profile's tree up, whose root comes first. */
export function profileOf(nodes: readonly Profiler.ProfileNode[]): Profile {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const packages = new Map<string, number>();
  const functions = new Map<string, number>();
  const visit = ({ callFrame, hitCount = 0, children = [] }: Profiler.ProfileNode, caller: string) => {
    const owner = packageOf(callFrame) ?? caller;
    if (!idle.has(callFrame.functionName)) {
      add(packages, owner, hitCount);
      add(functions, functionOf(callFrame), hitCount);
    }
    for (const id of children) visit(byId.get(id) as Profiler.ProfileNode, owner);
  };
  visit(nodes[0] as Profiler.ProfileNode, 'Node');
  return { packages: shares(packages).slice(0, kept), functions: shares(functions).slice(0, kept) };
}

const add = (counts: Map<string, number>, name: string, count: number) =>
  void counts.set(name, (counts.get(name) ?? 0) + count);

function shares(counts: ReadonlyMap<string, number>): Share[] {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return [...counts]
    .filter(([, count]) => count > 0)
    .map(([name, count]) => ({ name, share: count / total }))
    .sort((a, b) => b.share - a.share);
}

/** Undefined for Node's own functions, which count for whoever calls them. */
function packageOf({ url, functionName }: { url: string; functionName: string }): string | undefined {
  if (functionName === '(garbage collector)') return 'garbage collector';
  if (functionName === native) return native;
  const [, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? [];
  return name ?? (url.startsWith('file:') ? 'StreamShop' : undefined);
}

/** As `execute (graphql/execution/execute.js)`. */
function functionOf({ url, functionName }: { url: string; functionName: string }): string {
  const name = functionName || '(anonymous)';
  const [, file] = /^(?:.*\/node_modules\/|node:|.*\/(?=(?:gateway|subgraphs|bench)\/))(.*)$/.exec(url) ?? [];
  return file ? `${name} (${file})` : name;
}

import type { Side } from './interleave.ts';
import type { Page } from './pages.ts';
import type { SubgraphUrls } from './peers/signed.ts';
import { type Child, startChild } from './processes/parent.ts';

/** Every way to answer a page, each as a process of its own, and the process that asks them. */
export interface Sides extends AsyncDisposable {
  load: Child;
  /** StreamShop's gateway with its subgraphs in process. */
  graph: Server;
  hand: Server;
  /** Those that ask the same subgraphs over HTTP. */
  overHttp: Server[];
  /** Of all of them, and of the process of the HTTP subgraphs, by what they are. */
  children: ReadonlyMap<string, Child>;
}

/** A process that answers. */
export interface Server {
  name: string;
  title: string;
  child: Child<{ url: string }>;
  behind?: Child;
}

export interface SidesOptions {
  /** Also those that ask subgraphs over HTTP. */
  withHttp: boolean;
  /** Where the compared packages are installed; null where they are not. */
  peers: string | null;
}

/**
 * Starts the processes.
 * @throws Error with the last words of the one that cannot start, when the others have ended
 */
export async function openSides({ withHttp, peers }: SidesOptions): Promise<Sides> {
  await using started = new AsyncDisposableStack();
  const start = async <Ready = { url: string }>(...[program, options]: Parameters<typeof startChild>) =>
    started.use(await startChild<Ready>(program, options));
  const port = { PORT: '0' };

  const load = await start<null>('load.ts');
  const graph = { name: 'graph', title: 'StreamShop', child: await start('gateway.ts', { env: port }) };
  const hand = { name: 'hand', title: 'by hand', child: await start('by-hand.ts') };
  const overHttp: Server[] = [];
  const children = new Map<string, Child>([
    ['gateway', graph.child],
    ['by hand', hand.child],
  ]);

  if (withHttp) {
    const behind = await start<{ urls: SubgraphUrls }>('subgraphs.ts');
    const { urls } = behind.ready;
    const variables = Object.entries(urls).map(([name, url]) => [`SUBGRAPH_${name.toUpperCase()}_URL`, url]);
    const env = { ...port, ...Object.fromEntries(variables) };
    const asking = async (server: Omit<Server, 'child'>, program: string) => {
      const child = await start(program, { env: { ...env, ...(peers && { BENCH_PEERS: peers }) } });
      overHttp.push({ ...server, child, behind });
      children.set(server.title, child);
    };
    children.set('the subgraphs over HTTP', behind);
    await asking({ name: 'graph-http', title: 'StreamShop over HTTP' }, 'gateway.ts');
    await asking({ name: 'apollo', title: '@apollo/gateway over HTTP' }, 'apollo.ts');
    if (peers) await asking({ name: 'hive', title: 'Hive Gateway over HTTP' }, 'hive.ts');
  }
  const all = started.move();
  return { load, graph, hand, overHttp, children, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

/** The endpoint of a gateway as a side that is measured. */
export const gatewaySide = ({ name, title, child, behind }: Server): Side => ({
  ...{ name, title, behind },
  url: child.ready.url,
  server: child,
});

/** An endpoint of the process with what is written by hand. */
export const handSide = (hand: Server, path: string, { name, title }: Pick<Side, 'name' | 'title'> = hand): Side => ({
  ...{ name, title },
  url: `${hand.child.ready.url}/${path}`,
  server: hand.child,
});

/** A page by hand, to be measured twice: the second time tells what is noise. */
export const handSides = (hand: Server, { name }: Pick<Page, 'name'>): Side[] => [
  handSide(hand, name),
  handSide(hand, name, { name: 'again', title: 'by hand, again' }),
];

import assert from 'node:assert/strict';
import fastify from 'fastify';
import type { Viewer } from '../gateway/request.ts';
import type { Gateway } from '../gateway/server.ts';
import { post } from './client.ts';
import { interleave, median } from './pairs.ts';
import { busiestPackages, type Share } from './profile.ts';
import { type Row, rowsOf } from './rows.ts';
import { type StoreTime, watchStores } from './store-use.ts';
import { type Stores, storesOf } from './stores.ts';

/** A page of the graph, and the same page written by hand. */
export interface Page {
  name: string;
  title: string;
  query: string;
  variables?: object;
  /** Who asks; a visitor, where it is left out. */
  viewer?: Viewer;
  /** Gives the `data` that the graph gives, without the graph. */
  byHand(stores: Stores, token: string | undefined): Promise<object>;
}

export interface PageFigures {
  name: string;
  title: string;
  sides: [string, string];
  rows: Row[];
  /** How a page's CPU time through the graph divides; together 1, and noise may make one of them negative. */
  cpuShares: { http: number; storeClients: number; graph: number };
  /** How many times longer than the median the gateway's first such page took, whose plan had to be made. */
  firstPageRatio: number;
  packages: Share[];
  /** How many calls of the stores a page makes on each side: both should ask for the same, and this shows whether they do. */
  storeCalls: [number, number];
  /** The stores that a page through the graph waits for, slowest first. */
  storeTimes: StoreTime[];
}

const rounds = 20;
const warmUpPages = 120;
const watchedPages = 20;
const profiledPages = 100;

/**
 * Measures a page through the gateway beside the same page by hand, both over HTTP on loopback in this process, with the
 * same clients of the stores. The side by hand is measured twice (A/A), and an endpoint that sends the finished answer
 * shows what HTTP alone costs.
 * @param tell is told how far it is
 * @throws AssertionError when the two answers differ
 */
export async function measurePage(page: Page, gateway: Gateway, tell: (text: string) => void): Promise<PageFigures> {
  const stores = storesOf(gateway);
  const token = page.viewer && (await stores.sessions.create(page.viewer));
  const body = JSON.stringify({ query: page.query, variables: page.variables });

  const http = fastify({ forceCloseConnections: true });
  http.post('/by-hand', async ({ headers }) => ({
    data: await page.byHand(stores, headers.authorization?.replace('Bearer ', '')),
  }));
  let finished: object = {};
  http.post('/finished', async () => finished);
  const address = await http.listen({ host: '127.0.0.1', port: 0 });
  const ask = (url: string) => () => post(url, { body, token });
  const graph = ask(gateway.url);
  const hand = ask(`${address}/by-hand`);
  const sides = { graph, hand, again: hand, finished: ask(`${address}/finished`) };

  try {
    await hand();
    const startedAt = performance.now();
    await graph();
    const firstPageMs = performance.now() - startedAt;
    // At once, since the last sixty minutes are others when the next one begins.
    const [byHand, byGraph] = (await Promise.all([hand(), graph()])).map((answer) => JSON.parse(answer));
    assert.deepEqual(steady(byHand), steady(byGraph), `${page.title}: by hand and by graph differ`);
    finished = byGraph;

    tell('warming up');
    await interleave(sides, { rounds: 3, operations: warmUpPages / 3, concurrency: 4 });
    const measure = (concurrency: number, operations: number) =>
      interleave(sides, {
        ...{ rounds, concurrency, operations },
        onRound: (done) => tell(`${concurrency} at once, round ${done} of ${rounds}`),
      });
    const single = await measure(1, 10);
    const many = await measure(16, 32);
    tell('profile');
    const graphUse = await watchStores(graph, watchedPages);
    const handUse = await watchStores(hand, 1);
    const packages = await busiestPackages(async () => {
      for (let pages = 0; pages < profiledPages; pages += 1) await graph();
    });

    const compared = { left: 'graph', right: 'hand', again: 'again' } as const;
    const of = ['cpu', 'p50', 'p99'] as const;
    const http = median(single.map((round) => round.finished.cpuMsPerOperation / round.graph.cpuMsPerOperation));
    const aboveHand = median(single.map(({ graph, hand }) => 1 - hand.cpuMsPerOperation / graph.cpuMsPerOperation));
    return {
      name: page.name,
      title: page.title,
      sides: ['graph', 'by hand'],
      rows: [
        ...rowsOf(single, compared, { when: '1 at a time', of }),
        ...rowsOf(many, compared, { when: '16 at once', of }),
      ],
      cpuShares: { http, storeClients: 1 - http - aboveHand, graph: aboveHand },
      firstPageRatio: firstPageMs / median(single.flatMap(({ graph }) => graph.wallMs)),
      packages,
      storeCalls: [graphUse.calls, handUse.calls],
      storeTimes: graphUse.stores,
    };
  } finally {
    await http.close();
  }
}

/** The answer without what changes from one moment to the next: a signature's date, and the decay of a trending score. */
function steady(answer: unknown): unknown {
  return JSON.parse(JSON.stringify(answer), (key, value) => {
    if (key === 'score') return Number(value).toPrecision(4);
    if (key !== 'posterUrl' && key !== 'streamingUrl') return value;
    return value && String(value).replace(/(X-Amz-(?:Date|Signature))=\w+/g, '$1');
  });
}

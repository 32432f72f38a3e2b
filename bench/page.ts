import assert from 'node:assert/strict';
import fastify from 'fastify';
import type { Viewer } from '../gateway/request.ts';
import type { Gateway } from '../gateway/server.ts';
import { post } from './client.ts';
import { interleave } from './pairs.ts';
import { busiestPackages, type Share } from './profile.ts';
import { cpuMsOf, type Row, rowsOf } from './rows.ts';
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
  /** Where the CPU time of a page at the gateway goes, in milliseconds. */
  cpuMs: { httpAndJson: number; storeClients: number; graph: number };
  /** The first page of a gateway, whose plan has to be made, in milliseconds of wall time. */
  firstPageMs: number;
  packages: Share[];
}

const rounds = 24;
const warmUpPages = 150;
const profiledPages = 300;

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
    const byHand = JSON.parse(await hand());
    const startedAt = performance.now();
    const byGraph = JSON.parse(await graph());
    const firstPageMs = performance.now() - startedAt;
    assert.deepEqual(steady(byHand), steady(byGraph), `${page.title}: by hand and by graph differ`);
    finished = byGraph;

    tell('warming up');
    await interleave(sides, { rounds: 3, operations: warmUpPages / 3, concurrency: 4 });
    const measure = (concurrency: number, operations: number) =>
      interleave(sides, {
        ...{ rounds, concurrency, operations },
        onRound: (done) => tell(`${concurrency} at once, round ${done} of ${rounds}`),
      });
    const single = await measure(1, 20);
    const many = await measure(16, 48);
    tell('profile');
    const packages = await busiestPackages(async () => {
      for (let pages = 0; pages < profiledPages; pages += 1) await graph();
    });

    const compared = { left: 'graph', right: 'hand', again: 'again' } as const;
    const of = ['cpu', 'p50', 'p99'] as const;
    const cpu = (side: keyof typeof sides) => cpuMsOf(single, side);
    return {
      name: page.name,
      title: page.title,
      sides: ['graph', 'by hand'],
      rows: [
        ...rowsOf(single, compared, { when: '1 at a time', of }),
        ...rowsOf(many, compared, { when: '16 at once', of }),
      ],
      cpuMs: {
        httpAndJson: cpu('finished'),
        storeClients: cpu('hand') - cpu('finished'),
        graph: cpu('graph') - cpu('hand'),
      },
      firstPageMs,
      packages,
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

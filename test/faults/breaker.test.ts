import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../../config.ts';
import { rooms } from '../../subgraphs/index.ts';
import { control } from '../control.ts';
import { alice, ask, login, settings, until } from '../harness.ts';

const moviePage = readFileSync(join(root, 'schema', 'operations', 'movie-page.graphql'), 'utf8');
const stores = rooms.flatMap(({ name, open }) => (open ? [name] : []));

/** What a client of the page sees of one request. */
interface Seen {
  at: number;
  durationMs: number;
  /** The stores whose fields failed. */
  failed: Set<string>;
  codes: Set<string>;
  hasData: boolean;
}

/** Longer than all that is waited for inside. */
const timeout = 240_000;

let token: string;

beforeAll(async () => {
  token = await login(alice);
});

/** Clients that ask for the page one after another, for as long as they are in use. */
function traffic(clients: number) {
  const seen: Seen[] = [];
  let isOver = false;
  const client = async () => {
    while (!isOver) {
      const at = performance.now();
      const { data, errors } = await ask(moviePage, { token, variables: { id: 'm101' } });
      seen.push({
        at,
        durationMs: performance.now() - at,
        failed: new Set(errors.map(({ extensions }) => String(extensions?.store))),
        codes: new Set(errors.map(({ extensions }) => String(extensions?.code))),
        hasData: data !== null,
      });
    }
  };
  const running = Promise.all(Array.from({ length: clients }, client));
  return {
    /** Pages asked for after this moment. */
    since: (moment: number) => seen.filter(({ at }) => at >= moment),
    [Symbol.asyncDispose]: async () => {
      isOver = true;
      await running;
    },
  };
}

/** `closed`, `half-open` or `open`, as the gateway's metrics tell of a store. */
async function breakerOf(store: string): Promise<string | undefined> {
  const metrics = await (await fetch(`http://${settings.gateway.host}:${settings.gateway.port}/metrics`)).text();
  const [, state] =
    metrics.match(new RegExp(`^streamshop_breaker_state\\{store="${store}",state="([a-z-]+)"\\} 1$`, 'm')) ?? [];
  return state;
}

describe.for(stores)('with %s frozen under traffic', (store) => {
  afterAll(async () => {
    await control(settings, 'resume', store);
  });

  test('the breaker opens, pages stop waiting for it, and one probe closes it again', { timeout }, async () => {
    await using pages = traffic(3);
    await until('pages are whole', async () => pages.since(0).some(({ failed }) => failed.size === 0));

    await control(settings, 'pause', store);
    const frozenAt = performance.now();
    await until('the breaker is open', async () => (await breakerOf(store)) === 'open', 60_000);
    const openAt = performance.now();
    // Left alone, it costs nobody a deadline: some pages are answered without having waited for it at all.
    const shortest = settings[store as 'postgres'].timeoutMs;
    await until('a page does without it at once', async () =>
      pages.since(openAt).some(({ durationMs, failed }) => failed.has(store) && durationMs < shortest),
    );
    for (const { hasData, failed, codes } of pages.since(frozenAt)) {
      expect(hasData).toBe(true);
      if (failed.has(store)) expect([...codes]).toEqual(expect.arrayContaining([expect.stringMatching(/^STORE_/)]));
    }

    await control(settings, 'resume', store);
    const resumedAt = performance.now();
    await until('the breaker is closed', async () => (await breakerOf(store)) === 'closed', 60_000);
    await until('a page is whole', async () => pages.since(resumedAt).some(({ failed }) => failed.size === 0), 60_000);
  });
});

describe.for(['redis', 'postgres', 'mongo', 'clickhouse'])('with %s stopped and started under traffic', (store) => {
  afterAll(async () => {
    await control(settings, 'start', store);
  });

  test('pages lose its fields only and are whole again once it is back', { timeout }, async () => {
    await using pages = traffic(3);
    await until('pages are whole', async () => pages.since(0).some(({ failed }) => failed.size === 0));
    await control(settings, 'stopOne', store);
    const stoppedAt = performance.now();
    await until('a page misses it', async () => pages.since(stoppedAt).some(({ failed }) => failed.has(store)));
    for (const { hasData, failed } of pages.since(stoppedAt)) {
      expect(hasData).toBe(true);
      expect([...failed].filter((name) => name !== store)).toEqual([]);
    }
    await control(settings, 'start', store);
    const backAt = performance.now();
    await until('a page is whole', async () => pages.since(backAt).some(({ failed }) => failed.size === 0), 60_000);
    await until('the breaker is closed', async () => (await breakerOf(store)) === 'closed');
  });
});

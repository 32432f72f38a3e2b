import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { root } from '../../config.ts';
import { type BreakerChange, breakerChanges } from '../../gateway/guard.ts';
import { type StoreCall, storeCalls } from '../../gateway/seam.ts';
import { type Gateway, startGateway } from '../../gateway/server.ts';
import { rooms } from '../../subgraphs/index.ts';
import { control } from '../control.ts';
import { alice, ask, askAt, login, settings, until } from '../harness.ts';

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

let gateway: Gateway;
let token: string;

// In this process, so that what its breakers and calls do can be counted to the last one.
beforeAll(async () => {
  const here = { ...settings, gateway: { ...settings.gateway, port: 0 } };
  gateway = await startGateway({ settings: here, rooms, logger: pino({ level: 'silent' }) });
  askAt(gateway.url);
  token = await login(alice);
});
afterAll(() => gateway[Symbol.asyncDispose]());

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

/** Observes the breaker of a store, which is closed now, and what becomes of the calls while it is not. */
function observe(store: string) {
  const seen = {
    state: 'closed' as BreakerChange['state'],
    /** Times that it let a call try the store. */
    probes: 0,
    /** Attempts that reached the store's client all the same. */
    asked: 0,
    /** Calls that were refused while another one tried. */
    refusedBesideProbe: 0,
  };
  /** Calls that are under way, with the attempts that each had made when the breaker opened. */
  const underWay = new Map<StoreCall, number>();
  const attemptsSince = (call: StoreCall) => call.attempts - (underWay.get(call) ?? 0);
  const onStart = (message: unknown) => {
    const call = message as StoreCall;
    if (call.store === store) underWay.set(call, 0);
  };
  const onEnd = (message: unknown) => {
    const call = message as StoreCall;
    if (!underWay.has(call)) return;
    if (seen.state !== 'closed') seen.asked += attemptsSince(call);
    if (seen.state === 'half-open' && call.attempts === 0) seen.refusedBesideProbe += 1;
    underWay.delete(call);
  };
  const onChange = (message: unknown) => {
    const { kind, name, state } = message as BreakerChange;
    if (kind !== 'store' || name !== store) return;
    if (seen.state === 'closed') for (const call of underWay.keys()) underWay.set(call, call.attempts);
    if (state === 'half-open') seen.probes += 1;
    if (state === 'closed') for (const call of underWay.keys()) seen.asked += attemptsSince(call);
    seen.state = state;
  };
  storeCalls.start.subscribe(onStart);
  storeCalls.asyncEnd.subscribe(onEnd);
  breakerChanges.subscribe(onChange);
  onTestFinished(() => {
    storeCalls.start.unsubscribe(onStart);
    storeCalls.asyncEnd.unsubscribe(onEnd);
    breakerChanges.unsubscribe(onChange);
  });
  return seen;
}

describe.for(stores)('with %s frozen under traffic', (store) => {
  afterAll(async () => {
    await control(settings, 'resume', store);
  });

  test('pages lose its fields only and do not wait for it, and one call at a time tries it', { timeout }, async () => {
    await using pages = traffic(3);
    await until('pages are whole', async () => pages.since(0).some(({ failed }) => failed.size === 0));

    const breaker = observe(store);
    await control(settings, 'pause', store);
    const frozenAt = performance.now();
    await until('the breaker is open', async () => breaker.state === 'open', 60_000);
    const openAt = performance.now();
    // Left alone, it costs nobody a deadline: some pages are answered without having waited for it at all.
    const shortest = settings[store as 'postgres'].timeoutMs;
    await until('a page does without it at once', async () =>
      pages.since(openAt).some(({ durationMs, failed }) => failed.has(store) && durationMs < shortest),
    );
    await until('a call came beside a probe', async () => breaker.refusedBesideProbe > 0, 60_000);
    for (const { hasData, failed, codes } of pages.since(frozenAt)) {
      expect(hasData).toBe(true);
      expect([...failed].filter((name) => name !== store)).toEqual([]);
      expect([...codes].filter((code) => !['STORE_TIMEOUT', 'STORE_UNAVAILABLE'].includes(code))).toEqual([]);
    }

    await control(settings, 'resume', store);
    const resumedAt = performance.now();
    await until('the breaker is closed', async () => breaker.state === 'closed', 60_000);
    expect(breaker.asked).toBe(breaker.probes);
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
    const breaker = observe(store);
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
    await until('the breaker is closed', async () => breaker.state === 'closed');
  });
});

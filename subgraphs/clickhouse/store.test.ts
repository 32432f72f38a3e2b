import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { readSettings } from '../../config.ts';
import { viewsLast24h } from './queries.ts';
import { openClickHouse } from './store.ts';

const settings = readSettings().clickhouse;

/** A port with nobody behind it, or with somebody who takes connections and never says a word. */
async function port({ silent }: { silent: boolean }): Promise<AsyncDisposable & { url: string }> {
  const server = createServer((socket) => void socket.on('error', () => {}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  if (!silent) server.close();
  return {
    url,
    async [Symbol.asyncDispose]() {
      server.close();
    },
  };
}

test('a dead server is STORE_UNAVAILABLE at once', async () => {
  await using dead = await port({ silent: false });
  const store = openClickHouse({ ...settings, url: dead.url });
  const start = performance.now();
  for (const call of [
    () => viewsLast24h(store, ['m101']),
    () => store.insert('sink_probe', [{}]),
    () => store.ping(),
  ]) {
    await expect(call()).rejects.toMatchObject({ extensions: { code: 'STORE_UNAVAILABLE', store: 'clickhouse' } });
  }
  expect(performance.now() - start).toBeLessThan(1_000);
  await store.close();
});

test('a server that hangs is STORE_TIMEOUT after the deadline', async () => {
  await using hanging = await port({ silent: true });
  const store = openClickHouse({ ...settings, url: hanging.url, timeoutMs: 200 });
  await expect(viewsLast24h(store, ['m101'])).rejects.toMatchObject({ extensions: { code: 'STORE_TIMEOUT' } });
  await store.close();
});

test('a statement that ClickHouse refuses is STORE_ERROR, and the store goes on', async () => {
  const store = openClickHouse(settings);
  await expect(store.select('SELECT nonsense')).rejects.toMatchObject({ extensions: { code: 'STORE_ERROR' } });
  await store.ping();
  await store.close();
});

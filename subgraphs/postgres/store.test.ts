import { readFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readSettings } from '../../config.ts';
import { createRequest } from '../../gateway/context.ts';
import { withRequest } from '../../gateway/request.ts';
import { deploy, readMigrations } from './migrate/deploy.ts';
import { once, openEngine } from './migrate/engine.ts';
import { openPostgres } from './store.ts';
import { createDatabase } from './testing.ts';

const settings = readSettings().postgres;
const unavailable = { extensions: { code: 'STORE_UNAVAILABLE', store: 'postgres', retryable: true } };
let database: Awaited<ReturnType<typeof createDatabase>>;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

describe('migrations', () => {
  test('two at once apply each once; a later one applies none', async () => {
    const names = (await readMigrations()).migrationDirectories.map(({ path }) => path);
    const applied = await Promise.all([deploy(database.url), deploy(database.url)]);
    expect(applied.flat()).toEqual(names);
    expect(await deploy(database.url)).toEqual([]);
  });

  test('schema.prisma says what the migrations make', async () => {
    const content = await readFile(join(import.meta.dirname, 'schema.prisma'), 'utf8');
    await using opened = await openEngine(database.url);
    const { stdout } = await opened.engine.diff({
      from: { tag: 'migrations', ...(await readMigrations()) },
      to: { tag: 'schemaDatamodel', files: [{ path: 'schema.prisma', content }] },
      script: true,
      exitCode: null,
      filters: { externalTables: [], externalEnums: [] },
    });
    expect(stdout).toContain('This is an empty migration.');
  });

  test('an insertion into the outbox wakes its listeners', async () => {
    await deploy(database.url);
    const listener = new Client({ connectionString: database.url });
    await listener.connect();
    await listener.query('LISTEN outbox');
    const woken = new Promise((resolve) => listener.once('notification', resolve));
    await once(
      database.url,
      `INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload)
       VALUES (gen_random_uuid(), 'topic', 'key', 'type', '{}')`,
    );
    expect(await woken).toMatchObject({ channel: 'outbox' });
    await listener.end();
  });
});

describe('a server that is not there', () => {
  test('costs STORE_UNAVAILABLE at once, for statements and for transactions', async () => {
    const store = openPostgres({ ...settings, url: 'postgresql://nobody:nothing@127.0.0.1:1/none' });
    const startedAt = performance.now();
    await expect(store.ping()).rejects.toMatchObject(unavailable);
    await expect(store.transaction('nothing', async () => {})).rejects.toMatchObject(unavailable);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    await store.close();
  });

  test('connections that the server ended are replaced by themselves', async () => {
    const name = 'test-of-ended-connections';
    await using store = closing(openPostgres({ ...settings, url: `${database.url}?application_name=${name}` }));
    await deploy(database.url);
    await Promise.all(Array.from({ length: 4 }, () => store.ping()));
    // A read would be asked again.
    const running = store.db.$executeRaw`SELECT pg_sleep(2)`;
    const broken = expect(running).rejects.toMatchObject(unavailable);
    await reaches(name, 'active');
    await once(
      settings.url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '${name}'`,
    );
    await broken;
    // Whoever is first may still be given a connection whose end has not arrived.
    await vi.waitFor(() => store.ping());
    expect(await store.transaction('again', (tx) => tx.$queryRaw`SELECT 1 AS one`)).toEqual([{ one: 1 }]);
  });
});

test('a server that dies in the middle of a statement, and is back later', async () => {
  const server = await relayTo(new URL(database.url));
  await using store = closing(openPostgres({ ...settings, url: server.url }));
  const broken = expect(store.db.$queryRaw`SELECT pg_sleep(2)`).rejects.toMatchObject(unavailable);
  await reaches(server.name, 'active');
  await server.die();
  await broken;
  await expect(store.ping()).rejects.toMatchObject(unavailable);
  await server.comeBack();
  await deploy(database.url);
  await store.ping();
  await server.die();
});

/** A way to the server that can be cut, as if the server had been killed. */
async function relayTo(target: URL) {
  const sockets = new Set<Socket>();
  const listener = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)));
    }
    client.pipe(upstream).pipe(client);
  });
  const listen = (port: number) => new Promise<void>((done) => listener.listen(port, '127.0.0.1', done));
  await listen(0);
  const { port } = listener.address() as AddressInfo;
  const name = `test-of-a-death-${port}`;
  const url = new URL(target);
  Object.assign(url, { hostname: '127.0.0.1', port, search: `?application_name=${name}` });
  return {
    name,
    url: url.href,
    comeBack: () => listen(port),
    die: async () => {
      const closed = new Promise((done) => listener.close(done));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

test('a statement that Postgres refuses is STORE_ERROR', async () => {
  await using store = closing(openPostgres({ ...settings, url: database.url }));
  await expect(store.db.$queryRaw`SELECT no_such_column`).rejects.toMatchObject({
    extensions: { code: 'STORE_ERROR', retryable: false },
  });
});

test('instants survive whatever time zone the server has', async () => {
  const name = new URL(database.url).pathname.slice(1);
  await once(database.url, `ALTER DATABASE ${name} SET timezone = 'Asia/Kolkata'`);
  await using store = closing(openPostgres({ ...settings, url: database.url }));
  const at = new Date('2026-07-01T12:34:56.789Z');
  const rows = await store.db.$queryRaw`
    SELECT '2026-07-01T12:34:56.789Z'::timestamptz AS read, ${at}::timestamptz = '2026-07-01T12:34:56.789Z' AS written`;
  expect(rows).toEqual([{ read: at, written: true }]);
});

test('the server ends what a transaction may not take', async () => {
  await using store = closing(openPostgres({ ...settings, url: database.url }));
  expect(await store.db.$queryRaw`SHOW transaction_timeout`).toEqual([{ transaction_timeout: '10s' }]);
});

test('a transaction whose time is up is rolled back, though its statements succeed', async () => {
  const name = 'test-of-late-transactions';
  const url = `${database.url}?application_name=${name}`;
  await using store = closing(openPostgres({ ...settings, url, timeoutMs: 400 }));
  await store.ping();
  const late = withRequest(visit(), () =>
    store.transaction('too slow', async (tx) => {
      await tx.$executeRaw`CREATE TABLE too_slow ()`;
      await tx.$executeRaw`SELECT pg_sleep(1)`;
    }),
  );
  await expect(late).rejects.toMatchObject({ extensions: { code: 'STORE_TIMEOUT' } });
  await reaches(name, 'idle');
  expect(await store.db.$queryRaw`SELECT to_regclass('too_slow')::text AS found`).toEqual([{ found: null }]);
});

/** A visitor's request. */
function visit() {
  const sessions = { create: async () => '', find: async () => null, end: async () => {} };
  return createRequest({ token: null, sessions, timeoutMs: 10_000 });
}

/** Resolves when a connection of that name is seen sleeping, or all of them are seen idle. */
async function reaches(name: string, state: 'active' | 'idle'): Promise<void> {
  const client = new Client({ connectionString: settings.url });
  await client.connect();
  await vi.waitUntil(async () => {
    const { rows } = await client.query(
      `SELECT count(*) FILTER (WHERE state = 'active' AND query LIKE '%pg_sleep%')::int AS asleep,
              count(*) FILTER (WHERE state <> 'idle')::int AS busy
       FROM pg_stat_activity WHERE application_name = $1`,
      [name],
    );
    return state === 'active' ? rows[0].asleep > 0 : rows[0].busy === 0;
  }, 5_000);
  await client.end();
}

const closing = <T extends { close(): Promise<void> }>(store: T): T & AsyncDisposable =>
  Object.assign(store, { [Symbol.asyncDispose]: () => store.close() });

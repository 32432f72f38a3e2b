import { expect, test } from 'vitest';
import { readSettings } from '../../config.ts';
import { patiently } from '../../gateway/guard.ts';
import { openProxy } from '../../test/proxy.ts';
import { following } from './queries.ts';
import { openNeo4j } from './store.ts';
import { openCorner } from './testing.ts';

const settings = readSettings().neo4j;
const { hostname: host, port } = new URL(settings.url);
const server = { host, port: Number(port) };
const unavailable = { extensions: { code: 'STORE_UNAVAILABLE', store: 'neo4j', retryable: true } };
const soon = { timeout: 10_000, interval: 50 };

test('migrating again changes nothing, also twice at a time', async () => {
  const store = openNeo4j(settings);
  await Promise.all([store.migrate(), store.migrate()]);
  await store.migrate();
  await store.ping();
  await store.close();
});

test('two nodes of one id cannot be, whoever makes them', async () => {
  await using corner = await openCorner();
  const create = () => corner.store.write('CREATE (:User {id: $id})', { id: corner.id('u') });
  await create();
  await expect(create()).rejects.toMatchObject({ extensions: { code: 'STORE_ERROR' } });
});

test('a dead Neo4j is STORE_UNAVAILABLE at once, and works again soon after its return', async () => {
  await using proxy = await openProxy(server);
  const store = openNeo4j({ ...settings, url: `bolt://${proxy.address}` });
  await store.migrate();
  await Promise.all([store.ping(), store.ping(), store.ping()]);
  await proxy.cut();
  const start = performance.now();
  await expect(following(store, [{ userId: 'u1', first: 1, hiddenIds: [] }])).rejects.toMatchObject(unavailable);
  await expect(store.ping()).rejects.toMatchObject(unavailable);
  expect(performance.now() - start).toBeLessThan(1_000);

  await proxy.mend();
  await expect.poll(() => store.ping().then(() => 'up'), soon).toBe('up');
  await store.close();
});

test('opened while Neo4j is dead, it finds it later', async () => {
  await using proxy = await openProxy(server);
  await proxy.cut();
  const store = openNeo4j({ ...settings, url: `bolt://${proxy.address}` });
  await expect(store.ping()).rejects.toMatchObject(unavailable);
  await expect(store.write('RETURN 1')).rejects.toMatchObject(unavailable);
  await proxy.mend();
  await expect.poll(() => store.ping().then(() => 'up'), soon).toBe('up');
  await store.close();
});

test('a Neo4j that hangs is STORE_TIMEOUT, and works again when it goes on', async () => {
  await using proxy = await openProxy(server);
  const store = openNeo4j({ ...settings, url: `bolt://${proxy.address}`, timeoutMs: 1_000 });
  await store.ping();
  proxy.freeze();
  await expect(store.ping()).rejects.toMatchObject({ extensions: { code: 'STORE_TIMEOUT' } });
  await proxy.mend();
  await expect.poll(() => store.ping().then(() => 'up'), soon).toBe('up');
  await store.close();
});

test('work that may take longer than a page is not ended by the driver, connected or not', async () => {
  await using slow = await openProxy(server);
  await using other = await openProxy(server);
  const openBy = ({ address }: { address: string }) =>
    openNeo4j({ ...settings, url: `bolt://${address}`, timeoutMs: 500 });
  const [patient, hasty] = [openBy(slow), openBy(other)];
  slow.freeze();
  other.freeze();
  const answer = patiently(() => patient.ping());
  // Three deadlines of a page, one after the other.
  for (const _ of [1, 2, 3])
    await expect(hasty.ping()).rejects.toMatchObject({ extensions: { code: 'STORE_TIMEOUT' } });
  await slow.mend();
  await answer;
  await Promise.all([patient.close(), hasty.close()]);
});

test('the server ends a statement that nobody waits for any more', async () => {
  const store = openNeo4j({ ...settings, timeoutMs: 500 });
  const endless = 'UNWIND range(1, 1000000000) AS n WITH n WHERE n % 7 = 8 RETURN count(n)';
  await expect(store.read(endless)).rejects.toMatchObject({ extensions: { code: 'STORE_TIMEOUT' } });
  const running = `SHOW TRANSACTIONS YIELD currentQuery WHERE currentQuery STARTS WITH 'UNWIND range' RETURN count(*) AS n`;
  const count = async () => (await store.read(running)).records[0]?.get('n');
  await expect.poll(count, soon).toBe(0);
  await store.close();
});

test('of two transactions that wait for each other both end well', async () => {
  await using corner = await openCorner();
  const [a, b] = [corner.id('a'), corner.id('b')];
  await corner.store.write('UNWIND $ids AS id CREATE (:User {id: id, visits: 0})', { ids: [a, b] });
  const visit = (from: string, to: string) =>
    corner.store.write(
      `MATCH (from:User {id: $from}) SET from.visits = from.visits + 1
WITH from CALL apoc.util.sleep(300)
MATCH (to:User {id: $to}) SET to.visits = to.visits + 1`,
      { from, to },
    );
  await Promise.all([visit(a, b), visit(b, a)]);
  const { records } = await corner.store.read('MATCH (user:User) WHERE user.id IN $ids RETURN user.visits AS visits', {
    ids: [a, b],
  });
  expect(records.map((record) => record.get('visits'))).toEqual([2, 2]);
});

test('closes at once, connected or not', async () => {
  await using proxy = await openProxy(server);
  await proxy.cut();
  const [never, dead] = [openNeo4j(settings), openNeo4j({ ...settings, url: `bolt://${proxy.address}` })];
  await dead.ping().catch(() => {});
  const start = performance.now();
  await Promise.all([never.close(), dead.close()]);
  expect(performance.now() - start).toBeLessThan(1_000);
});

test('a statement that Neo4j refuses is STORE_ERROR, and the store goes on', async () => {
  const store = openNeo4j(settings);
  await expect(store.read('MATCH nonsense')).rejects.toMatchObject({ extensions: { code: 'STORE_ERROR' } });
  await store.ping();
  await store.close();
});

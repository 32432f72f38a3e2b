import { randomUUID } from 'node:crypto';
import { QdrantClient } from '@qdrant/js-client-rest';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chunks } from '../../gateway/batches.ts';
import { serverProcesses } from '../server.ts';
import { createSupervisor, type Supervisor } from '../supervisor.ts';
import { serversBut, testProfile } from '../testing.ts';

const profile = testProfile(760, { STREAMSHOP_WITHOUT: serversBut('qdrant'), QDRANT_URL: undefined });
const { url } = profile.settings.qdrant;
let stack: Supervisor;
let client: QdrantClient;

beforeAll(async () => {
  stack = await createSupervisor({
    settings: profile.settings,
    processes: await serverProcesses(profile.settings, profile.env),
  });
  await stack.startAll();
  client = new QdrantClient({ url, timeout: 10_000, checkCompatibility: false });
});

afterAll(async () => {
  await stack?.stop();
  await profile[Symbol.asyncDispose]();
});

/** As curl would ask. */
async function ask(method: string, path: string, body?: object | string) {
  const text = typeof body === 'object' ? JSON.stringify(body) : body;
  const response = await fetch(`${url}${path}`, { method, body: text });
  const { status } = (await response.json()) as { status: { error?: string } };
  return [response.status, status.error];
}

/** A collection of its own, of vectors in the plane. */
async function plane(points: { id: number | string; vector: number[] | object; payload?: object }[] = []) {
  const name = `plane_${randomUUID().slice(0, 8)}`;
  await client.createCollection(name, { vectors: { size: 2, distance: 'Cosine' } });
  if (points.length > 0) await client.upsert(name, { wait: true, points: points as never });
  return name;
}

const idsOf = (points: readonly { id: unknown }[]) => points.map(({ id }) => id);

test('a collection is made, shown and dropped, as Qdrant says it', async () => {
  const name = await plane();
  expect(await client.collectionExists(name)).toEqual({ exists: true });
  expect((await client.getCollections()).collections).toContainEqual({ name });
  await client.createPayloadIndex(name, { field_name: 'year', field_schema: 'integer', wait: true });
  await client.createPayloadIndex(name, { field_name: 'year', field_schema: 'integer', wait: true });
  await client.upsert(name, { points: [{ id: 1, vector: [1, 0], payload: { year: 2010 } }] });
  expect(await client.getCollection(name)).toMatchObject({
    status: 'green',
    points_count: 1,
    payload_schema: { year: { data_type: 'integer', points: 1 } },
    config: { params: { vectors: { size: 2, distance: 'Cosine' } } },
  });
  const again = { vectors: { size: 2, distance: 'Cosine' } };
  const made = await Promise.all([0, 1, 2].map(() => ask('PUT', `/collections/${name}`, again)));
  expect(made.map(([status]) => status)).toEqual([409, 409, 409]);
  expect(await client.deleteCollection(name)).toBe(true);
  expect(await client.deleteCollection(name)).toBe(false);
  expect(await ask('GET', `/collections/${name}`)).toEqual([404, `Not found: Collection \`${name}\` doesn't exist!`]);
});

test('points are written, read by id and page by page, counted and deleted', async () => {
  const uuid = randomUUID();
  const name = await plane([
    { id: 3, vector: [0, 2], payload: { n: 3, text: 'ü 😀' } },
    { id: uuid, vector: [1, 0], payload: { n: 4 } },
  ]);
  await client.upsert(name, {
    batch: {
      ids: [1, 2],
      vectors: [
        [1, 1],
        [1, 2],
      ],
      payloads: [{ n: 1 }, { n: 2 }],
    },
  });
  const [three, none] = await client.retrieve(name, { ids: [3, 99], with_vector: true });
  // Cosine: vectors are stored with length 1.
  expect(three).toEqual({ id: 3, payload: { n: 3, text: 'ü 😀' }, vector: [0, 1] });
  expect(none).toBeUndefined();
  expect(await client.retrieve(name, { ids: [uuid], with_payload: false })).toEqual([{ id: uuid }]);

  const first = await client.scroll(name, { limit: 3, with_payload: ['n'] });
  expect(idsOf(first.points)).toEqual([1, 2, 3]);
  expect(first.points[2]?.payload).toEqual({ n: 3 });
  const second = await client.scroll(name, { limit: 3, offset: first.next_page_offset as string });
  expect([idsOf(second.points), second.next_page_offset]).toEqual([[uuid], null]);

  await client.delete(name, { wait: true, points: [1, uuid] });
  await client.delete(name, { wait: true, filter: { must: [{ key: 'n', match: { value: 3 } }] } });
  expect(idsOf((await client.scroll(name)).points)).toEqual([2]);
  expect(await client.count(name)).toEqual({ count: 1 });
});

test('filters mean what Qdrant says they mean', async () => {
  const name = await plane(
    [
      { genres: ['Drama', 'Crime'], year: 1990, at: '1990-05-01T00:00:00Z', seen: 'yes' },
      { genres: ['Drama'], year: 2000, at: '2000-05-01T00:00:00Z', seen: 'no' },
      { genres: ['Comedy'], year: 2010, at: '2010-05-01T00:00:00Z', seen: null },
      { genres: [], year: 2020 },
    ].map((payload, index) => ({ id: index + 1, vector: [1, index], payload })),
  );
  const matching = async (filter: object) => idsOf((await client.scroll(name, { filter })).points);
  expect(await matching({ must: [{ key: 'genres', match: { value: 'Drama' } }] })).toEqual([1, 2]);
  expect(await matching({ must: { key: 'genres', match: { any: ['Crime', 'Comedy'] } } })).toEqual([1, 3]);
  expect(await matching({ must: [{ key: 'year', match: { except: [1990] } }] })).toEqual([2, 3, 4]);
  expect(await matching({ must: [{ key: 'year', range: { gte: 2000, lt: 2020, gt: null } }] })).toEqual([2, 3]);
  expect(await matching({ must: [{ key: 'at', range: { lt: '2005-01-01T00:00:00Z' } }] })).toEqual([1, 2]);
  expect(await matching({ must_not: [{ has_id: [1, 4] }] })).toEqual([2, 3]);
  expect(await matching({ must: [{ is_empty: { key: 'genres' } }] })).toEqual([4]);
  expect(await matching({ must: [{ is_null: { key: 'seen' } }] })).toEqual([3]);
  const early = { must: [{ key: 'year', range: { lte: 1990 } }] };
  expect(await matching({ should: [early, { key: 'year', match: { value: 2020 } }] })).toEqual([1, 4]);
  expect(await matching({ must: [{ key: 'genres', match: { value: 'Drama' } }], must_not: [early] })).toEqual([2]);
  expect(await client.count(name, { filter: early })).toEqual({ count: 1 });
});

test('the nearest points come first, for a vector or for a point, which is not its own neighbour', async () => {
  const name = await plane([
    { id: 1, vector: [1, 0], payload: { id: 'east', far: 1 } },
    { id: 2, vector: [1, 1], payload: { id: 'north-east' } },
    { id: 3, vector: [0, 1], payload: { id: 'north' } },
    { id: 4, vector: {}, payload: { id: 'nowhere' } },
  ]);
  const { points } = await client.query(name, { query: [2, 0.1], limit: 2, with_payload: ['id'] });
  expect(points.map(({ id, payload }) => [id, payload])).toEqual([
    [1, { id: 'east' }],
    [2, { id: 'north-east' }],
  ]);
  expect(points[0]?.score).toBeCloseTo(2 / Math.hypot(2, 0.1), 5);
  const north = { key: 'id', match: { value: 'north' } };
  const answers = await client.queryBatch(name, {
    searches: [
      { query: 1, limit: 10 },
      { query: { nearest: 1 }, limit: 1, offset: 1 },
      { query: 1, filter: { must_not: [north] }, with_payload: true, with_vector: true },
      { query: [1, 0], score_threshold: 0.9, limit: 10 },
    ],
  });
  expect(answers.map((answer) => idsOf(answer.points))).toEqual([[2, 3], [3], [2], [1]]);
  expect(answers[2]?.points[0]).toMatchObject({ payload: { id: 'north-east' }, vector: expect.any(Array) });
  for (const query of [99, 4]) {
    expect(await ask('POST', `/collections/${name}/points/query`, { query })).toEqual([
      404,
      `Not found: No point with id ${query} found`,
    ]);
  }
});

test('an update with a filter changes the points that match, and adds those that are not there', async () => {
  const name = await plane([
    { id: 1, vector: [1, 0], payload: { version: 5 } },
    { id: 2, vector: [1, 0], payload: { version: 3 } },
  ]);
  const upsert = (version: number, ids: number[]) => ({
    upsert: {
      points: ids.map((id) => ({ id, vector: [0, 1], payload: { version } })),
      update_filter: { must: [{ key: 'version', range: { lt: version } }] },
    },
  });
  await client.batchUpdate(name, { wait: true, operations: [upsert(4, [1, 2, 3]), upsert(2, [3, 4])] });
  const points = await client.retrieve(name, { ids: [1, 2, 3, 4], with_vector: true });
  expect(points.map(({ id, payload, vector }) => [id, payload?.version, vector])).toEqual([
    [1, 5, [1, 0]],
    [2, 4, [0, 1]],
    [3, 4, [0, 1]],
    [4, 2, [0, 1]],
  ]);
});

test.each<[string, number, [string, string, (object | string)?]]>([
  ['no JSON', 400, ['PUT', '/collections/x', '{']],
  ['another distance', 400, ['PUT', '/collections/x', { vectors: { size: 2, distance: 'Far' } }]],
  ['no size', 400, ['PUT', '/collections/x', {}]],
  ['a name with a path in it', 400, ['PUT', '/collections/..%2Fx', { vectors: { size: 2, distance: 'Dot' } }]],
  ['an unknown path', 404, ['GET', '/nothing']],
  ['an unknown method', 404, ['PUT', '/collections/P/points/count', {}]],
  ['another size', 400, ['PUT', '/collections/P/points', { points: [{ id: 1, vector: [1] }] }]],
  ['no numbers', 400, ['PUT', '/collections/P/points', { points: [{ id: 1, vector: ['a', 'b'] }] }]],
  ['NaN', 400, ['PUT', '/collections/P/points', '{"points":[{"id":1,"vector":[NaN,1]}]}']],
  ['a bad id', 400, ['PUT', '/collections/P/points', { points: [{ id: 'm101', vector: [1, 1] }] }]],
  ['a negative id', 400, ['POST', '/collections/P/points', { ids: [-1] }]],
  ['an unknown condition', 400, ['POST', '/collections/P/points/count', { filter: { must: [{ key: 'a', geo: 1 }] } }]],
  [
    'a boolean',
    400,
    ['POST', '/collections/P/points/count', { filter: { must: { key: 'a', match: { value: true } } } }],
  ],
  ['an unknown clause', 400, ['POST', '/collections/P/points/count', { filter: { maybe: [] } }]],
])('%s is refused with %i, and nothing is changed', async (_, status, [method, path, body]) => {
  const name = await plane();
  expect(await ask(method, path.replace('P', name), body)).toEqual([status, expect.any(String)]);
  expect(await client.count(name)).toEqual({ count: 0 });
});

test('what was acknowledged is there after kill -9 in the middle of writing, three times over', {
  timeout: 120_000,
}, async () => {
  const name = await plane();
  await client.createPayloadIndex(name, { field_name: 'version', field_schema: 'integer', wait: true });
  const acknowledged = new Map<number, number>();
  for (let round = 1; round <= 3; round += 1) {
    let isAlive = true;
    const write = async (writer: number) => {
      for (let turn = 0; isAlive; turn += 1) {
        // Some points are new, others replace those of the round before.
        const ids = Array.from({ length: 20 }, (_, index) => writer * 100_000 + ((turn * 7 + index) % 5_000) + 1);
        const points = ids.map((id) => ({ id, vector: [id, turn + 1], payload: { version: round } }));
        try {
          await client.upsert(name, { wait: true, points });
        } catch {
          return;
        }
        for (const id of ids) acknowledged.set(id, round);
      }
    };
    const writers = [1, 2, 3].map(write);
    await expect.poll(() => [...acknowledged.values()].filter((of) => of === round).length).toBeGreaterThan(1_000);
    await stack.kill('qdrant');
    isAlive = false;
    await Promise.all(writers);
    await stack.start('qdrant');
    for (const ids of chunks(acknowledged.keys(), 1_000)) {
      const points = await client.retrieve(name, { ids, with_payload: ['version'] });
      const versions = new Map(points.map(({ id, payload }) => [id, Number(payload?.version)]));
      // A write that was cut off may be there as well.
      for (const id of ids) expect(versions.get(id)).toBeGreaterThanOrEqual(acknowledged.get(id) ?? 0);
    }
  }
  expect((await client.query(name, { query: [1, 1], limit: 3 })).points).toHaveLength(3);
});

test('it stops in order, and has everything when it starts again', { timeout: 60_000 }, async () => {
  const name = await plane([{ id: 1, vector: [1, 0], payload: { kept: true } }]);
  const dropped = await plane([{ id: 1, vector: [1, 0] }]);
  await client.deleteCollection(dropped);
  await stack.stopOne('qdrant');
  await stack.start('qdrant');
  expect(await client.retrieve(name, { ids: [1] })).toEqual([{ id: 1, payload: { kept: true } }]);
  expect(await client.collectionExists(dropped)).toEqual({ exists: false });
});

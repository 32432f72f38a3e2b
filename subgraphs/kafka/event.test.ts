import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import type { Viewer } from '../../gateway/request.ts';
import type { Room } from '../../gateway/room.ts';
import { callsDuring, openTestRoom, type TestRoom } from '../../gateway/testing.ts';
import { kafka } from './index.ts';
import { openKafka } from './store.ts';

/** The room with sinks that nobody runs. */
const withSinks: Room = {
  ...kafka,
  open: ({ settings }) => ({
    store: openKafka(settings.kafka, [
      { name: `users-${randomUUID()}`, consumes: ['user.signed_up'] },
      { name: `posts-${randomUUID()}`, consumes: ['post.changed'] },
    ]),
  }),
};
const query = `query ($event: _Any!) { _entities(representations: [$event]) { ... on Event {
  id type topic partition offset publishedAt sinks { name status lagMs } } } }`;
const viewer: Viewer = { userId: 'u1', scopes: [] };
const unknown = { __typename: 'EventPosition', isKnown: false, type: null, topic: null, partition: null, offset: null };

let room: TestRoom;
beforeAll(async () => {
  room = await openTestRoom(withSinks);
});
afterAll(() => room?.[Symbol.asyncDispose]());

/** What the gateway asks once it has heard the sources. */
async function ask(
  told: { inPostgres?: object | null; inMongo?: object | null },
  { of = room, as = viewer }: { of?: TestRoom; as?: Viewer | null } = {},
) {
  const event = { __typename: 'Event', id: randomUUID(), ...told };
  const { data, errors = [] } = await of.execute(query, { viewer: as, variables: { event } });
  const [answer] = JSON.parse(JSON.stringify(data))._entities;
  const { id, ...fields } = answer;
  expect(id).toBe(event.id);
  return {
    fields,
    codes: [...new Set(errors.map(({ extensions }) => `${extensions.code} ${extensions.store ?? ''}`.trim()))],
  };
}

const nothing = { type: null, topic: null, partition: null, offset: null, publishedAt: null, sinks: null };

test.each([
  ['Postgres', (told: object) => ({ inPostgres: told, inMongo: unknown })],
  ['Postgres, with MongoDB gone', (told: object) => ({ inPostgres: told, inMongo: null })],
  ['MongoDB', (told: object) => ({ inPostgres: unknown, inMongo: told })],
  ['MongoDB, with Postgres gone', (told: object) => ({ inPostgres: null, inMongo: told })],
])('an event that is known to %s stands where that says', async (_, sources) => {
  const publishedAt = new Date(Date.now() - 10_000).toISOString();
  const place = { type: 'post.changed', topic: 'post_events', partition: 3, offset: '9007199254740993', publishedAt };
  const { fields, codes } = await ask(sources({ isKnown: true, ...place }));
  expect(codes).toEqual([]);
  expect(fields).toMatchObject(place);
  expect(fields.sinks).toMatchObject([
    { name: expect.stringContaining('users-'), status: 'NOT_CONSUMED', lagMs: null },
    { name: expect.stringContaining('posts-'), status: 'PENDING', lagMs: expect.any(Number) },
  ]);
  expect(fields.sinks[1].lagMs).toBeGreaterThanOrEqual(10_000);
});

test('an event that is not published yet has a type and no place, and Kafka is not asked', async () => {
  const calls = await callsDuring(async () => {
    const { fields, codes } = await ask({
      inPostgres: { ...unknown, isKnown: true, type: 'user.signed_up' },
      inMongo: unknown,
    });
    expect(codes).toEqual([]);
    expect(fields).toMatchObject({
      ...nothing,
      type: 'user.signed_up',
      sinks: [{ status: 'PENDING', lagMs: null }, {}],
    });
  });
  expect(calls).toEqual([]);
});

test('an event that no source knows, or that is not the viewer’s, does not exist', async () => {
  expect(await ask({ inPostgres: unknown, inMongo: unknown })).toEqual({ fields: nothing, codes: ['NOT_FOUND'] });
});

test.each([
  [{ inPostgres: null, inMongo: unknown }, 'postgres'],
  [{ inPostgres: unknown, inMongo: null }, 'mongo'],
  [{ inPostgres: null, inMongo: null }, 'postgres'],
  [{}, 'postgres'],
])('with a source gone that might know it, nobody can tell: %j', async (told, store) => {
  expect(await ask(told)).toEqual({ fields: nothing, codes: [`STORE_UNAVAILABLE ${store}`] });
});

test('a source that is switched off is not waited for', async () => {
  vi.stubEnv('STREAMSHOP_WITHOUT', 'mongo');
  onTestFinished(() => void vi.unstubAllEnvs());
  await using without = await openTestRoom(kafka);
  expect(await ask({ inPostgres: unknown, inMongo: null }, { of: without })).toEqual({
    fields: nothing,
    codes: ['NOT_FOUND'],
  });
  expect((await ask({ inPostgres: null, inMongo: null }, { of: without })).codes).toEqual([
    'STORE_UNAVAILABLE postgres',
  ]);
});

test('a visitor is told nothing', async () => {
  const known = { isKnown: true, type: 'post.changed' };
  expect(await ask({ inPostgres: known, inMongo: unknown }, { as: null })).toEqual({
    fields: nothing,
    codes: ['UNAUTHENTICATED'],
  });
});

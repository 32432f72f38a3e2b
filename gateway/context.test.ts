import { expect, test } from 'vitest';
import { createRequest, roomContext, withViewerAfter } from './context.ts';
import { codedError } from './errors.ts';
import { currentOrigin, type Origin, type Sessions, withOrigin } from './request.ts';
import { hiddenFrom } from './room.ts';

const sessions: Sessions = {
  create: async () => '',
  find: async () => ({ userId: 'u1', scopes: [] }),
  end: async () => {},
};
const newRequest = () => createRequest({ token: 'token', sessions, timeoutMs: 1_000 });

test('keys of parallel fetches become one query, and a key is asked for once a request', async () => {
  const asked: string[][] = [];
  const lengths = async (_store: null, keys: readonly string[]) => {
    asked.push([...keys]);
    return keys.map((key) => key.length);
  };
  const request = newRequest();
  const fetchOf = async (key: string) => {
    await null;
    return roomContext(request, { name: 'room', store: null }).load(lengths, key);
  };
  expect(await Promise.all([fetchOf('a'), fetchOf('bb'), fetchOf('a')])).toEqual([1, 2, 1]);
  expect(await fetchOf('bb')).toBe(2);
  expect(asked).toEqual([['a', 'bb']]);

  await roomContext(newRequest(), { name: 'room', store: null }).load(lengths, 'a');
  expect(asked).toHaveLength(2);
});

test('objects with the same content are one key', async () => {
  const asked: unknown[][] = [];
  const context = roomContext(newRequest(), { name: 'room', store: null });
  const query = async (_store: null, keys: readonly { id: string }[]) => {
    asked.push([...keys]);
    return keys.map(({ id }) => id);
  };
  await Promise.all([context.load(query, { id: 'a' }), context.load(query, { id: 'a' })]);
  expect(asked).toEqual([[{ id: 'a' }]]);
});

test('the viewer is looked up once a request', async () => {
  let lookups = 0;
  const find: Sessions['find'] = async () => {
    lookups += 1;
    return null;
  };
  const request = createRequest({ token: 'token', sessions: { ...sessions, find }, timeoutMs: 1_000 });
  await Promise.all([request.viewer(), request.viewer()]);
  expect(lookups).toBe(1);
});

test('who the viewer is, the gateway itself asks, whichever fetch wants to know first', async () => {
  const origins: (Origin | undefined)[] = [];
  const find: Sessions['find'] = async () => {
    origins.push(currentOrigin());
    return null;
  };
  const request = createRequest({ token: 'token', sessions: { ...sessions, find }, timeoutMs: 1_000 });
  await withOrigin({ request, subgraph: 'shelf', fetch: 'shelf { books }' }, () => request.viewer());
  await withOrigin({ request, subgraph: 'till', fetch: 'till { price }' }, () => request.viewer());
  expect(origins).toEqual([{ request }]);
});

test('after an event that tells of the viewer, they are looked up anew, and not before', async () => {
  const steps: string[] = [];
  const find: Sessions['find'] = async () => {
    steps.push('looked up');
    return null;
  };
  const request = createRequest({ token: 'token', sessions: { ...sessions, find }, timeoutMs: 1_000 });
  await request.viewer();
  const after = withViewerAfter(request, async () => void steps.push('waited'));
  await Promise.all([after.viewer(), after.viewer()]);
  expect(steps).toEqual(['looked up', 'waited', 'looked up']);
});

test('hidden are those whom the viewer blocks; nobody for a visitor, and where nobody can tell who asks', async () => {
  const asked = (find: Sessions['find'], token: string | null = 'token') =>
    hiddenFrom(createRequest({ token, sessions: { ...sessions, find }, timeoutMs: 1_000 }));
  const blocking: Sessions['find'] = async () => ({ userId: 'u1', scopes: [], blocks: ['u2'] });
  expect(await asked(blocking)).toEqual(['u2']);
  expect(await asked(blocking, null)).toEqual([]);
  expect(await asked(sessions.find)).toEqual([]);
  const dead = async () => {
    throw codedError('STORE_UNAVAILABLE', 'redis cannot be reached.', { store: 'redis' });
  };
  expect(await asked(dead)).toEqual([]);
  const broken = async () => {
    throw new Error('a mistake of ours');
  };
  await expect(asked(broken)).rejects.toThrow('a mistake of ours');
});

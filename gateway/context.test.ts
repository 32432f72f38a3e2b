import { expect, test } from 'vitest';
import { createRequest, roomContext } from './context.ts';
import { currentOrigin, type Origin, type Sessions, withOrigin } from './request.ts';

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

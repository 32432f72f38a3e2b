import { type ExecutionResult, graphql } from 'graphql';
import { expect, test } from 'vitest';
import { createRequest, roomContext } from '../../gateway/context.ts';
import { type Viewer, withRequest } from '../../gateway/request.ts';
import { subgraphSchema } from '../../gateway/subgraph.ts';
import { entry } from './index.ts';

const schema = subgraphSchema(entry);
const alice: Viewer = { userId: 'u123', scopes: [] };
const eventId = '0198f1de-0000-7000-8000-000000000000';

/** Executes as a viewer; null is a visitor. */
function execute(source: string, viewer: Viewer | null = null): PromiseLike<ExecutionResult> {
  const sessions = { create: async () => '', find: async () => viewer, end: async () => {} };
  const request = createRequest({ token: viewer && 'token', sessions, timeoutMs: 1_000 });
  const contextValue = roomContext(request, { name: entry.name, store: undefined });
  return withRequest(request, () => graphql({ schema, source, contextValue }));
}

test('answers ids, whether the entities exist or not', async () => {
  expect(await execute('{ movie(id: "m101") { id } user(id: "u456") { id } }')).toEqual({
    data: { movie: { id: 'm101' }, user: { id: 'u456' } },
  });
});

test('`me` is the viewer, and an event wants one', async () => {
  const query = `{ me { id } event(id: "${eventId}") { id } }`;
  expect(await execute(query, alice)).toEqual({ data: { me: { id: 'u123' }, event: { id: eventId } } });
  const { data, errors } = await execute(query);
  expect(data).toEqual({ me: null, event: null });
  expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['UNAUTHENTICATED', 'UNAUTHENTICATED']);
});

test.each([
  ['movie', ''],
  ['movie', 'a b'],
  ['movie', "m101'--"],
  ['user', 'u'.repeat(129)],
  ['user', 'u'.repeat(10_000)],
  ['event', 'm101'],
  ['event', `${eventId}0`],
])('%s: an id that cannot be one is refused', async (field, id) => {
  const { data, errors } = await execute(`{ ${field}(id: ${JSON.stringify(id)}) { id } }`, alice);
  expect(data).toEqual({ [field]: null });
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument: ['id'] });
  expect(errors?.[0]?.message.length).toBeLessThan(200);
});

import { graphql } from 'graphql';
import { describe, expect, test } from 'vitest';
import { createRequest, roomContext } from '../../gateway/context.ts';
import { codedError } from '../../gateway/errors.ts';
import type { Room } from '../../gateway/room.ts';
import { subgraphSchema } from '../../gateway/subgraph.ts';
import { openTestRoom } from '../../gateway/testing.ts';
import { postgres } from './index.ts';

/** The room with a Postgres that is not there. */
const withoutServer: Room = {
  ...postgres,
  open: ({ settings, ...services }) => {
    const url = 'postgresql://nobody:nothing@127.0.0.1:1/none';
    const open = postgres.open as NonNullable<Room['open']>;
    const opened = open({ ...services, settings: { ...settings, postgres: { ...settings.postgres, url } } });
    return { ...opened, store: { ...opened.store, migrate: async () => {} } };
  },
};

describe('where an event stands', () => {
  const id = '0198f1de-0000-7000-8000-000000000000';
  const source = `{ _entities(representations: [{ __typename: "Event", id: "${id}" }]) {
    ... on Event { id inPostgres { isKnown } } } }`;
  const unanswered = { data: { _entities: [{ id, inPostgres: null }] } };

  test('is null without an error where Postgres cannot be asked', async () => {
    await using room = await openTestRoom(withoutServer);
    expect(await room.execute(source, { viewer: { userId: 'u123', scopes: [] } })).toEqual(unanswered);
  });

  test('is null without an error where the session store cannot be asked', async () => {
    await using room = await openTestRoom(withoutServer);
    const find = () => Promise.reject(codedError('STORE_UNAVAILABLE', 'redis cannot be reached.', { store: 'redis' }));
    const sessions = { create: async () => '', find, end: async () => {} };
    const request = createRequest({ token: 'token', sessions, timeoutMs: 10_000 });
    const contextValue = roomContext(request, { name: 'postgres', store: room.open.store });
    expect(await graphql({ schema: subgraphSchema(postgres), source, contextValue })).toEqual(unanswered);
  });
});

test('without Postgres each field of an entity is null with its own error, and the entity stays', async () => {
  await using room = await openTestRoom(withoutServer);
  const { data, errors } = await room.execute(
    '{ _entities(representations: [{ __typename: "Movie", id: "m101" }]) { ... on Movie { id title genres } } }',
  );
  expect(data?._entities).toEqual([{ id: 'm101', title: null, genres: null }]);
  expect(errors?.map(({ path, extensions }) => [path?.join('.'), extensions.code, extensions.store])).toEqual([
    ['_entities.0.title', 'STORE_UNAVAILABLE', 'postgres'],
    ['_entities.0.genres', 'STORE_UNAVAILABLE', 'postgres'],
  ]);
});

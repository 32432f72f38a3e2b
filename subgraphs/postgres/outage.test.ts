import { expect, test } from 'vitest';
import type { Room } from '../../gateway/room.ts';
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

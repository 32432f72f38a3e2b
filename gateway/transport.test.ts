import pino from 'pino';
import { expect, test } from 'vitest';
import { rooms } from '../subgraphs/index.ts';
import { createRequest } from './context.ts';
import type { Room } from './room.ts';
import { inProcess } from './transport.ts';

const sessions = { create: async () => '', find: async () => null, end: async () => {} };
const logger = pino({ level: 'silent' });
const redis = rooms.find(({ name }) => name === 'redis') as Room;

const fetchEntities = (room: Room, isOff: boolean) =>
  inProcess({ room, open: null, isOff }, logger).process({
    request: {
      query: `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Movie { viewCount rank } } }`,
      variables: { representations: ['m1', 'm2'].map((id) => ({ __typename: 'Movie', id })) },
    },
    context: { request: createRequest({ token: null, sessions, timeoutMs: 1_000 }) },
  } as unknown as Parameters<ReturnType<typeof inProcess>['process']>[0]);

test('a room that is switched off answers null for each field, with an error at each path', async () => {
  const { data, errors } = await fetchEntities(redis, true);
  expect(data).toEqual({
    _entities: [
      { viewCount: null, rank: null },
      { viewCount: null, rank: null },
    ],
  });
  expect(errors?.map(({ path }) => path)).toEqual(
    [0, 1].flatMap((i) => ['viewCount', 'rank'].map((f) => ['_entities', i, f])),
  );
  for (const { extensions } of errors ?? [])
    expect(extensions).toMatchObject({ code: 'STORE_UNAVAILABLE', store: 'redis', retryable: false });
});

test('a room that throws outright loses its own fields only: the data source never throws', async () => {
  const broken: Room = {
    name: 'redis',
    resolvers: {
      Movie: {
        __resolveReference: () => {
          throw new Error('defect');
        },
      },
    },
  };
  const { data, errors } = await fetchEntities(broken, false);
  expect(data).toEqual({ _entities: Array(2).fill({ viewCount: null, rank: null }) });
  expect(errors).toHaveLength(4);
});

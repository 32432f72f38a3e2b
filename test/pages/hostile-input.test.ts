import { beforeAll, describe, expect, test } from 'vitest';
import { ask, newUser, recordWatchMutation, settings, watchInput } from '../harness.ts';
import { truth } from '../truth.ts';

const endpoint = `http://${settings.gateway.host}:${settings.gateway.port}/graphql`;
let user: Awaited<ReturnType<typeof newUser>>;

beforeAll(async () => {
  user = await newUser();
});

const hostile = [
  'garbage',
  '',
  'x'.repeat(10_240),
  '\u0000',
  '\ud800',
  '😀',
  -1,
  2 ** 31,
  1.5,
  true,
  [],
  {},
  '0001-01-01T00:00:00Z',
];

/** What is no hostile key after all: any short text of printable characters will do. */
const goodKeys = new Set<unknown>(['garbage', '0001-01-01T00:00:00Z']);

describe.for(Object.keys(watchInput()))('recordWatch with a hostile %s', (name) => {
  test.for(hostile)('%j is the client’s mistake, with the argument’s path, and writes nothing', async (value) => {
    const overrides = { [name]: value };
    const { errors } = await ask(recordWatchMutation, {
      token: user.token,
      variables: { input: watchInput(overrides) },
    });
    if (name === 'idempotencyKey' && goodKeys.has(value)) return expect(errors).toEqual([]);
    expect(errors).toMatchObject([
      {
        message: expect.stringMatching(/^.{1,400}$/s),
        extensions: {
          code: expect.stringMatching(/^(BAD_USER_INPUT|NOT_FOUND)$/),
          argument: expect.arrayContaining(['input', name]),
        },
      },
    ]);
  });
});

test('none of them wrote anything', async () => {
  const rows = await truth<{ key: string }>('SELECT idempotency_key AS key FROM user_watch WHERE user_id = $1', [
    user.id,
  ]);
  expect(new Set(rows.map(({ key }) => key))).toEqual(goodKeys);
});

test.for(['garbage', '2026-02-30', 5, ''])('a day that is none (%j) costs nothing but itself', async (date) => {
  const query = 'query ($date: Date!) { movie(id: "m101") { viewsLast24h watchersOn(date: $date) { id } } }';
  const { data, errors } = await ask(query, { token: user.token, variables: { date } });
  expect(data).toBeNull();
  expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument: ['date'] });
});

test('a secret in a variable of the wrong shape is not repeated', async () => {
  const query = 'mutation ($input: SignUpInput!) { signUp(input: $input) { user { id } } }';
  const { errors } = await ask(query, { variables: { input: { email: 'a@b.example', password: 'do not repeat' } } });
  expect(errors[0]?.extensions?.code).toBe('BAD_USER_INPUT');
  expect(JSON.stringify(errors)).not.toContain('do not repeat');
});

test.for([0, -1, 101, 2 ** 31 - 1])('a page of %i is refused wherever a list is asked', async (first) => {
  for (const field of ['trendingMovies', 'topMovies(window: DAY', 'movies']) {
    const call = field.includes('(') ? `${field}, first: ${first})` : `${field}(first: ${first})`;
    const { errors } = await ask(`{ ${call} { __typename } }`);
    expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument: ['first'] });
  }
});

test.for([
  ['no name among two operations', { query: 'query A { me { id } } query B { me { id } }' }],
  ['a name that no operation has', { query: 'query A { me { id } }', operationName: 'Z' }],
  ['too long an operation', { query: `{ ${Array.from({ length: 1_000 }, (_, i) => `a${i}: me { id }`).join(' ')} }` }],
  ['no GraphQL', { query: '{' }],
] as const)('%s is a bad request', async ([, body]) => {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const { errors } = (await response.json()) as { errors: { extensions: { code: string } }[] };
  expect(response.status).toBe(400);
  expect(errors[0]?.extensions.code).toMatch(/^(OPERATION_RESOLUTION_FAILURE|GRAPHQL_PARSE_FAILED|BAD_REQUEST)$/);
});

test.for([
  ['a body that is no JSON', '{', 400],
  ['a body of 300 kB', JSON.stringify({ query: 'x'.repeat(300_000) }), 413],
] as const)('%s is told as a GraphQL error', async ([, body, status]) => {
  const response = await fetch(endpoint, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
});

test('reading after an event that is not one’s own is a bad request', async () => {
  const stranger = await newUser();
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${stranger.token}`,
      'x-streamshop-after': user.eventId,
    },
    body: JSON.stringify({ query: '{ movie(id: "m101") { title } }' }),
  });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
});

import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { parse } from 'graphql';
import { SignJWT, UnsecuredJWT } from 'jose';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { readSettings } from '../config.ts';
import { rooms } from '../subgraphs/index.ts';
import { createRequest } from './context.ts';
import { codedError } from './errors.ts';
import type { Fetch } from './execution.ts';
import { createPassSigner, createPassVerifier, type Pass } from './gateway-pass.ts';
import { overHttp } from './http-transport.ts';
import type { RequestContext, Sessions, Viewer } from './request.ts';
import { type Context, hiddenFrom, type Room } from './room.ts';
import { createSeam, type Seam } from './seam.ts';
import { sessionKeyOf } from './sessions.ts';
import { startSubgraph } from './subgraph-server.ts';
import { callsDuring, openTestRoom, type TestRoom } from './testing.ts';
import { startXray } from './xray.ts';

const secret = Buffer.from('the secret of these tests, which is long enough');
const base = readSettings();
const settings = { ...base, subgraphs: { ...base.subgraphs, secret: String(secret) } };
const logger = pino({ level: 'silent' });

const start = (name: string, more: Partial<Parameters<typeof startSubgraph>[0]> = {}) =>
  startSubgraph({ settings, name, rooms, logger, port: 0, ...more });

const roomOf = (name: string) => rooms.find((room) => room.name === name) as Room;

const entityQuery = (type: string, fields: string) =>
  `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on ${type} { ${fields} } } }`;

const views: Fetch = {
  query: entityQuery('Movie', 'viewCount'),
  variables: { representations: [{ __typename: 'Movie', id: 'm-none' }] },
};
const logout: Fetch = { query: 'mutation { logout { loggedOut } }', variables: {} };

const pass: Pass = {
  ...{
    requestId: 'r1',
    viewer: null,
    viewerError: null,
    sessionKey: null,
    budgetMs: 5_000,
    mustBeFresh: false,
    isRead: true,
    xray: 'none',
  },
};

async function post(url: string, { body, token }: { body: string; token: string | null }) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token !== null && { authorization: `Bearer ${token}` }) },
    body,
  });
  return { status: response.status, answer: await response.json() };
}

const refused = {
  errors: [
    { message: 'This subgraph serves only its gateway.', extensions: { code: 'UNAUTHENTICATED', retryable: false } },
  ],
};

describe('only the gateway is served', () => {
  let subgraph: Awaited<ReturnType<typeof startSubgraph>>;
  beforeAll(async () => {
    subgraph = await start('redis');
  });
  afterAll(() => subgraph[Symbol.asyncDispose]());

  const body = JSON.stringify(views);
  const nowSeconds = Math.floor(Date.now() / 1_000);
  const good = {
    ...{ ...pass, bodySha256: createHash('sha256').update(body).digest('base64url') },
    ...{ iss: 'streamshop-gateway', aud: 'redis', jti: randomUUID(), iat: nowSeconds, exp: nowSeconds + 600 },
  };
  /** A pass that is right in everything but what is given. */
  const forged = (claims: object = {}, { header = {}, key = secret } = {}) =>
    new SignJWT({ ...good, ...claims }).setProtectedHeader({ alg: 'HS256', typ: 'pass+jwt', ...header }).sign(key);

  test('which shows a pass', async () => {
    const token = await forged();
    const calls = await callsDuring(async () => {
      const { status, answer } = await post(subgraph.url, { body, token });
      expect([status, answer]).toEqual([200, { data: { _entities: [{ viewCount: 0 }] } }]);
    });
    expect(calls).toHaveLength(1);
  });

  test('also one of a viewer who blocks a thousand others', async () => {
    const blocks = Array.from({ length: 1_000 }, () => randomUUID());
    const token = await forged({ viewer: { userId: 'u1', scopes: [], blocks } });
    const { status } = await post(subgraph.url, { body, token });
    expect(status).toBe(200);
  });

  const other = Buffer.from('another secret, which is as long as the right one');
  const long = Buffer.concat([secret, secret]);
  const bad: [string, () => Promise<string | null> | string | null][] = [
    ['none', () => null],
    ['garbage', () => 'garbage'],
    ['another secret', () => forged({}, { key: other })],
    ['another subgraph’s name', () => forged({ aud: 'postgres' })],
    ['another issuer', () => forged({ iss: 'somebody' })],
    ['another kind of token', () => forged({}, { header: { typ: 'JWT' } })],
    ['another algorithm', () => forged({}, { header: { alg: 'HS512' }, key: long })],
    ['no algorithm', () => new UnsecuredJWT(good).encode()],
    ['a time that is over', () => forged({ exp: nowSeconds - 60 })],
    ['no end', () => forged({ exp: undefined })],
    ['no id', () => forged({ jti: undefined })],
    ['another body', () => createPassSigner(secret, 'redis')(pass, `${body} `)],
    ['claims of another form', () => forged({ viewer: 'u1' })],
  ];
  test.for(bad)('a pass with %s is refused before any store is asked', async ([, make]) => {
    const token = await make();
    const calls = await callsDuring(async () => {
      const { status, answer } = await post(subgraph.url, { body, token });
      expect([status, answer]).toEqual([401, refused]);
    });
    expect(calls).toEqual([]);
  });

  test('who has no pass is refused before the body has come', async () => {
    const headers = { 'content-type': 'application/json', 'content-length': 16 * 1024 * 1024 };
    const begun = request(subgraph.url, { method: 'POST', headers });
    begun.on('error', () => {});
    onTestFinished(() => void begun.destroy());
    begun.write('{');
    const [response] = await once(begun, 'response');
    expect(response.statusCode).toBe(401);
  });

  test('a pass that is over when the body comes is refused, lest it be used twice', async () => {
    const written = Buffer.from(JSON.stringify(logout));
    const write = await createPassSigner(secret, 'redis')({ ...pass, isRead: false }, String(written));
    const verify = createPassVerifier(secret, 'redis');
    const [first, second] = [await verify(write), await verify(write)];
    expect(first(written).isRead).toBe(false);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + pass.budgetMs + 10_000 });
    onTestFinished(() => void vi.useRealTimers());
    const others = await createPassSigner(secret, 'redis')({ ...pass, isRead: false }, String(written));
    (await verify(others))(written);
    expect(() => second(written)).toThrow('over before its body came');
  });

  test('a mutation’s pass is good once, a query’s as long as it lives', async () => {
    const sign = createPassSigner(secret, 'redis');
    const text = JSON.stringify(logout);
    const write = await sign({ ...pass, isRead: false, sessionKey: 'k-none' }, text);
    const read = await sign(pass, body);
    const statuses = async (token: string, body: string) => {
      const first = await post(subgraph.url, { body, token });
      return [first.status, (await post(subgraph.url, { body, token })).status];
    };
    const calls = await callsDuring(async () => {
      expect(await statuses(write, text)).toEqual([200, 401]);
    });
    expect(calls).toHaveLength(1);
    expect(await statuses(read, body)).toEqual([200, 200]);
  });

  test('what it is and how it does, everybody may know; its schema, nobody', async () => {
    const get = async (path: string) => {
      const response = await fetch(new URL(path, subgraph.url));
      return [response.status, await response.text()] as const;
    };
    expect(await get('/')).toEqual([200, expect.stringContaining('redis')]);
    expect(await get('/health')).toEqual([200, '{"status":"up"}']);
    expect(await get('/ready')).toEqual([200, '{"status":"ready","stores":{"redis":"up"}}']);
    expect((await get('/graphql?query={__schema{types{name}}}'))[0]).toBe(404);
    const introspection = JSON.stringify({ query: '{ __schema { types { name } } _service { sdl } }' });
    expect((await post(subgraph.url, { body: introspection, token: null })).answer).toEqual(refused);
  });
});

/** The gateway's side of a subgraph. */
function connect(room: Room, url: string) {
  const subgraph = overHttp({ room, open: null, isOff: false }, { url, secret, settings, logger });
  return {
    async ask(fetch: Fetch, request: RequestContext) {
      const { data, errors = [] } = await subgraph.source.process({
        request: fetch,
        context: { request },
      } as unknown as Parameters<typeof subgraph.source.process>[0]);
      return {
        data: JSON.parse(JSON.stringify(data)),
        errors: errors.map(({ message, path, extensions = {} }) => ({ message, path, ...extensions })),
      };
    },
    [Symbol.asyncDispose]: subgraph.close,
  };
}

const sessionOf = (viewer: Viewer | null): Sessions => ({
  create: async () => '',
  find: async () => viewer,
  end: async () => {},
});
const requestAs = (viewer: Viewer | null, more: Partial<Parameters<typeof createRequest>[0]> = {}) =>
  createRequest({ token: viewer && 'token', sessions: sessionOf(viewer), timeoutMs: 10_000, ...more });

describe('what the gateway vouches for', () => {
  let postgres: TestRoom;
  let ids: { userId: string; email: string; password: string };
  beforeAll(async () => {
    postgres = await openTestRoom(roomOf('postgres'));
    const input = { email: `${randomUUID()}@streamshop.example`, name: 'Own', password: randomUUID() };
    const mutation = 'mutation ($input: SignUpInput!) { signUp(input: $input) { user { id } } }';
    const { data } = await postgres.execute(mutation, { variables: { input } });
    const { signUp } = data as { signUp: { user: { id: string } } };
    ids = { userId: signUp.user.id, email: input.email, password: input.password };
  });
  afterAll(() => postgres[Symbol.asyncDispose]());

  const own = (): Fetch => ({
    query: entityQuery('User', 'name email'),
    variables: { representations: [{ __typename: 'User', id: ids.userId }] },
  });
  const path = ['_entities', 0, 'email'];

  test('who asks: what is a user’s own, only they get', async () => {
    await using subgraph = await start('postgres');
    await using gateway = connect(roomOf('postgres'), subgraph.url);
    const { email, userId } = ids;
    const self = await gateway.ask(own(), requestAs({ userId, scopes: [] }));
    expect(self).toEqual({ data: { _entities: [{ name: 'Own', email }] }, errors: [] });

    const others = await gateway.ask(own(), requestAs({ userId: 'u-other', scopes: ['xray'] }));
    expect(others.data).toEqual({ _entities: [{ name: 'Own', email: null }] });
    expect(others.errors).toMatchObject([{ path, code: 'FORBIDDEN' }]);

    const visitor = await gateway.ask(own(), requestAs(null));
    expect(visitor.errors).toMatchObject([{ path, code: 'UNAUTHENTICATED' }]);
  });

  test('that nobody could tell who asks: with Redis dead the fields that need to know say so, and the others answer', async () => {
    await using subgraph = await start('postgres');
    await using gateway = connect(roomOf('postgres'), subgraph.url);
    const find = () => Promise.reject(codedError('STORE_UNAVAILABLE', 'redis cannot be reached.', { store: 'redis' }));
    const sessions = { ...sessionOf(null), find };
    const { data, errors } = await gateway.ask(own(), requestAs(null, { token: 'token', sessions }));
    expect(data).toEqual({ _entities: [{ name: 'Own', email: null }] });
    expect(errors).toEqual([
      { message: 'redis cannot be reached.', path, code: 'STORE_UNAVAILABLE', store: 'redis', retryable: true },
    ]);
  });

  test('the session: login begins one in Redis, logout ends it, and neither subgraph sees the token that comes', async () => {
    await using accounts = await start('postgres');
    await using redis = await start('redis');
    await using toAccounts = connect(roomOf('postgres'), accounts.url);
    await using toRedis = connect(roomOf('redis'), redis.url);
    await using room = await openTestRoom(roomOf('redis'));
    const sessions = room.open.sessions as Sessions;
    const login: Fetch = {
      query: 'mutation ($input: LoginInput!) { login(input: $input) { token } }',
      variables: { input: { email: ids.email, password: ids.password } },
    };
    const { data } = await toAccounts.ask(login, requestAs(null));
    const { token } = data.login;
    expect(await sessions.find(sessionKeyOf(token))).toMatchObject({ userId: ids.userId });

    const request = createRequest({ token, sessions, timeoutMs: 10_000 });
    expect((await toRedis.ask(logout, request)).data).toEqual({ logout: { loggedOut: true } });
    expect(await sessions.find(sessionKeyOf(token))).toBeNull();
    expect((await toRedis.ask(logout, requestAs(null))).data).toEqual({ logout: { loggedOut: false } });
  });

  test('whether store calls are told: their shapes, their values to the scope xray, placed in the gateway’s time', async () => {
    await using subgraph = await start('redis');
    await using gateway = connect(roomOf('redis'), subgraph.url);
    const callsFor = async (viewer: Viewer | null) => {
      const xray = startXray();
      await delay(50);
      const before = xray.nowMs();
      await gateway.ask(views, requestAs(viewer, { xray }));
      const after = xray.nowMs();
      const [call, ...others] = xray.report({ mayShowValues: true, traceId: null }).calls;
      expect(others).toEqual([]);
      expect(call).toMatchObject({ subgraph: 'redis', store: 'redis', attempts: 1, batch: { keys: 1 }, error: null });
      expect(call?.startMs).toBeGreaterThanOrEqual(before);
      expect((call?.startMs ?? 0) + (call?.durationMs ?? 0)).toBeLessThanOrEqual(after);
      return call;
    };
    const shapes = await callsFor({ userId: 'u1', scopes: [] });
    expect(shapes?.inShell).toBeNull();
    expect(JSON.stringify(shapes)).not.toContain('m-none');
    const values = await callsFor({ userId: 'u1', scopes: ['xray'] });
    expect(values?.inShell).not.toBeNull();
  });
});

/** A room whose one store answers when the test says so. */
function slowRoom(work: Parameters<Seam>[1]): Room {
  const call = createSeam({ store: 'slow', timeoutMs: 60_000, isOutage: () => false });
  const none = async () => {};
  const ask = () => call('ANSWER', work);
  return {
    name: 'slow',
    typeDefs: parse('type Query { answer: Int  other: Int }'),
    resolvers: { Query: { answer: ask, other: () => Promise.reject(new Error('do not tell')) } },
    open: () => ({ store: { ping: none, migrate: none, close: none } }),
  };
}
const answerOf: Fetch = { query: '{ answer }', variables: {} };

test('whom the viewer blocks, only a room is told that hides them', async () => {
  const none = async () => {};
  const shelf: Room = {
    name: 'shelf',
    typeDefs: parse('type Query { hidden: [ID!] }'),
    resolvers: { Query: { hidden: (_: unknown, __: unknown, { request }: Context) => hiddenFrom(request) } },
    open: () => ({ store: { ping: none, migrate: none, close: none } }),
  };
  const hiddenIn = async (room: Room) => {
    await using subgraph = await start('shelf', { rooms: [room] });
    await using gateway = connect(room, subgraph.url);
    const request = requestAs({ userId: 'u1', scopes: [], blocks: ['u2'] });
    return (await gateway.ask({ query: '{ hidden }', variables: {} }, request)).data;
  };
  expect(await hiddenIn({ ...shelf, hides: true })).toEqual({ hidden: ['u2'] });
  expect(await hiddenIn(shelf)).toEqual({ hidden: [] });
});

test('that the answer must be fresh', async () => {
  const none = async () => {};
  const shelf: Room = {
    name: 'shelf',
    typeDefs: parse('type Query { fresh: Boolean }'),
    resolvers: { Query: { fresh: (_: unknown, __: unknown, { request }: Context) => request.mustBeFresh } },
    open: () => ({ store: { ping: none, migrate: none, close: none } }),
  };
  await using subgraph = await start('shelf', { rooms: [shelf] });
  await using gateway = connect(shelf, subgraph.url);
  const asked = async (mustBeFresh: boolean) =>
    (await gateway.ask({ query: '{ fresh }', variables: {} }, { ...requestAs(null), mustBeFresh })).data;
  expect(await asked(true)).toEqual({ fresh: true });
  expect(await asked(false)).toEqual({ fresh: false });
});

test('the deadline: the subgraph stops asking its store when nobody waits any more', async () => {
  const stopped = Promise.withResolvers<number>();
  const slow = slowRoom((signal, budgetMs) => {
    signal.addEventListener('abort', () => stopped.resolve(budgetMs));
    return new Promise(() => {});
  });
  await using subgraph = await start('slow', { rooms: [slow] });
  await using gateway = connect(slow, subgraph.url);
  const { data, errors } = await gateway.ask(answerOf, requestAs(null, { timeoutMs: 300 }));
  expect(data).toEqual({ answer: null });
  expect(errors).toMatchObject([{ path: ['answer'], code: 'STORE_TIMEOUT' }]);
  expect(await stopped.promise).toBeLessThanOrEqual(300);
});

test('a defect is told to the log of the subgraph, and to nobody else', async () => {
  const slow = slowRoom(async () => 1);
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  await using subgraph = await start('slow', { rooms: [slow], logger: log });
  await using gateway = connect(slow, subgraph.url);
  const { data, errors } = await gateway.ask({ query: '{ answer other }', variables: {} }, requestAs(null));
  expect(data).toEqual({ answer: 1, other: null });
  expect(errors).toMatchObject([{ path: ['other'], code: 'INTERNAL_SERVER_ERROR' }]);
  expect(JSON.stringify(errors)).not.toContain('do not tell');
  expect(lines.join('')).toContain('do not tell');
});

test('a subgraph that is asked to end finishes what is under way', async () => {
  const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<number>()];
  const slow = slowRoom(() => {
    asked.resolve();
    return answer.promise;
  });
  const subgraph = await start('slow', { rooms: [slow] });
  await using gateway = connect(slow, subgraph.url);
  const answered = gateway.ask(answerOf, requestAs(null));
  await asked.promise;
  const ended = subgraph[Symbol.asyncDispose]();
  answer.resolve(42);
  expect(await answered).toEqual({ data: { answer: 42 }, errors: [] });
  await ended;
});

test('a subgraph whose store is switched off says so at each field', async () => {
  await using subgraph = await start('redis', { settings: { ...settings, without: new Set(['redis']) } });
  await using gateway = connect(roomOf('redis'), subgraph.url);
  const { errors } = await gateway.ask(views, requestAs(null));
  expect(errors).toMatchObject([{ path: ['_entities', 0, 'viewCount'], code: 'STORE_UNAVAILABLE', retryable: false }]);
});

test('a name that no subgraph has is refused, and the names are told', async () => {
  await expect(start('radis')).rejects.toThrow(/no subgraph radis; there are: .*redis/);
});

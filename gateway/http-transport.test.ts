import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { parse } from 'graphql';
import pino from 'pino';
import { describe, expect, test } from 'vitest';
import { readSettings } from '../config.ts';
import { readSamples, sumOf } from '../test/scrape.ts';
import { createRequest } from './context.ts';
import { overHttp } from './http-transport.ts';
import { registry } from './registry.ts';
import type { Room } from './room.ts';
import { createSeam } from './seam.ts';
import { measureStores } from './store-metrics.ts';
import { measureSubgraphs } from './subgraph-metrics.ts';
import { startXray, type Xray } from './xray.ts';

const shelf: Room = {
  name: 'shelf',
  resolvers: {},
  typeDefs: parse(`
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
    type Query { books: [Book] }
    type Mutation { write: Book }
    type Book @key(fields: "id") { id: ID!  title: String  pages: Int }
  `),
};
const entities = `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Book { title pages } } }`;
const representations = ['b1', 'b2'].map((id) => ({ __typename: 'Book', id }));
const sessions = { create: async () => '', find: async () => null, end: async () => {} };
const fetches = {
  entities: { query: entities, variables: { representations } },
  list: { query: '{ books { id title } }', variables: {} },
  mutation: { query: 'mutation { write { title } }', variables: {} },
};
const whole = {
  data: {
    _entities: [
      { title: 'A', pages: 1 },
      { title: 'B', pages: null },
    ],
  },
};

/** An error, with its extensions beside the rest. */
type Told = { message: string; path?: readonly (string | number)[] } & Record<string, unknown>;

interface Options {
  timeoutMs?: number;
  requestTimeoutMs?: number;
}

/** A gateway's side of the subgraph at that URL. */
function connect(url: string, { timeoutMs = 5_000, requestTimeoutMs = 10_000 }: Options = {}) {
  const lines: string[] = [];
  const base = readSettings({});
  const settings = { ...base, subgraphs: { ...base.subgraphs, timeoutMs } };
  const logger = pino({}, { write: (line: string) => void lines.push(line) });
  const secret = Buffer.from('s'.repeat(32));
  const subgraph = overHttp({ room: shelf, open: null, isOff: false }, { url, secret, settings, logger });
  return {
    log: () => lines.join(''),
    ping: subgraph.ping,
    ask: async (fetch: keyof typeof fetches, xray?: Xray) => {
      const request = createRequest({ token: null, sessions, timeoutMs: requestTimeoutMs, xray });
      const { data, errors = [] } = await subgraph.source.process({
        request: fetches[fetch],
        context: { request },
      } as unknown as Parameters<typeof subgraph.source.process>[0]);
      return {
        data: JSON.parse(JSON.stringify(data)),
        errors: errors.map(({ message, path, extensions = {} }) => ({ message, path, ...extensions }) as Told),
      };
    },
    [Symbol.asyncDispose]: subgraph.close,
  };
}

/** A subgraph that answers as the test says. */
async function serve(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A server that speaks no HTTP unless it wants to. */
async function serveTcp(onConnection: (socket: Socket) => void) {
  const server = createTcpServer((socket) => onConnection(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}

const saying =
  (body: string, { status = 200, type = 'application/json' } = {}): RequestListener =>
  (_, response) =>
    void response.writeHead(status, { 'content-type': type }).end(body);

const nothing = { _entities: Array(2).fill({ title: null, pages: null }) };
const everyPath = [0, 1].flatMap((i) => ['title', 'pages'].map((field) => ['_entities', i, field]));

test('a proper answer is taken over as it is, and the endpoint is /graphql unless the URL names another', async () => {
  const paths: string[] = [];
  await using server = await serve((request, response) => {
    paths.push(`${request.method} ${request.url}`);
    saying(JSON.stringify(whole))(request, response);
  });
  for (const url of [server.url, `${server.url}/elsewhere?v=2`]) {
    await using gateway = connect(url);
    expect(await gateway.ask('entities')).toEqual({ ...whole, errors: [] });
  }
  expect(paths).toEqual(['POST /graphql', 'POST /elsewhere?v=2']);
});

describe('whatever a subgraph babbles, each field is null with a coded error at its path, and a line says what came', () => {
  const half = JSON.stringify(whole).slice(0, 40);
  const cases: [string, RequestListener][] = [
    ['status 500', saying('{"data":null}', { status: 500 })],
    ['status 401', saying('{"errors":[{"message":"no"}]}', { status: 401 })],
    ['status 302', saying('', { status: 302 })],
    ['HTML', saying('<html>secret</html>', { type: 'text/html' })],
    ['nothing', saying('')],
    ['half a body', saying(half)],
    [
      'a body that breaks off',
      (_, res) => void res.writeHead(200, { 'content-length': 400 }).write(half, () => res.destroy()),
    ],
    ['a chunk that breaks off', (_, res) => void res.writeHead(200).write(half, () => res.destroy())],
    ['a reset before any answer', (request) => void request.socket.destroy()],
    ['null', saying('null')],
    ['a number', saying('5')],
    ['a list', saying('[{"data":{}}]')],
    ['no data', saying('{}')],
    ['null for data', saying('{"data":null,"errors":[]}')],
    ['a list for data', saying('{"data":[]}')],
    ['a text for data', saying('{"data":"secret"}')],
    ['no entities', saying('{"data":{}}')],
    ['too few entities', saying('{"data":{"_entities":[{"title":"secret","pages":1}]}}')],
    ['entities that are no objects', saying('{"data":{"_entities":["secret",5]}}')],
    ['an object for the entities', saying('{"data":{"_entities":{"title":"secret"}}}')],
    [
      'entities of the wrong kinds',
      saying('{"data":{"_entities":[{"title":5,"pages":"1"},{"title":["secret"],"pages":{}}]}}'),
    ],
    ['deep nesting', saying(`{"data":${'['.repeat(20_000)}${']'.repeat(20_000)}}`)],
  ];
  test.for(cases)('%s', async ([, listener]) => {
    await using server = await serve(listener);
    await using gateway = connect(server.url);
    const { data, errors } = await gateway.ask('entities');
    expect(data).toEqual(nothing);
    expect(errors.map(({ path }) => path)).toEqual(everyPath);
    for (const error of errors) {
      expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', store: 'shelf', retryable: true });
      expect(error.message).toMatch(/^The subgraph shelf (cannot be reached|gave no proper answer)\.$/);
    }
    expect(gateway.log()).toMatch(/a subgraph gave no (proper )?answer/);
    expect(gateway.log()).not.toContain('secret');
  });

  test('something that is not HTTP', async () => {
    await using server = await serveTcp((socket) => socket.end('220 mail.example ESMTP\r\n'));
    await using gateway = connect(server.url);
    const { data, errors } = await gateway.ask('entities');
    expect(data).toEqual(nothing);
    expect(errors.map(({ code }) => code)).toEqual(Array(4).fill('STORE_UNAVAILABLE'));
  });
});

test('only what is wrong is null', async () => {
  const given = { _entities: [{ title: 5, pages: 1, more: true }, { title: 'B' }] };
  await using server = await serve(saying(JSON.stringify({ data: given })));
  await using gateway = connect(server.url);
  const { data, errors } = await gateway.ask('entities');
  expect(data).toEqual({
    _entities: [
      { title: null, pages: 1 },
      { title: 'B', pages: null },
    ],
  });
  expect(errors.map(({ path }) => path)).toEqual([
    ['_entities', 0, 'title'],
    ['_entities', 1, 'pages'],
  ]);
});

test('nobody there: STORE_UNAVAILABLE at each field of a list’s root', async () => {
  const server = await serve(saying(''));
  await server[Symbol.asyncDispose]();
  await using gateway = connect(server.url);
  expect(await gateway.ask('list')).toEqual({
    data: { books: null },
    errors: [
      {
        message: 'The subgraph shelf cannot be reached.',
        ...{ path: ['books'], code: 'STORE_UNAVAILABLE', store: 'shelf', retryable: true },
      },
    ],
  });
});

test.for([
  ['silence', () => {}],
  ['half a body and then silence', (_: unknown, response) => void response.writeHead(200).write('{"data":')],
] as [string, RequestListener][])('%s: STORE_TIMEOUT once the time is up', async ([, listener]) => {
  await using server = await serve(listener);
  await using gateway = connect(server.url, { timeoutMs: 150, requestTimeoutMs: 600_000 });
  const { data, errors } = await gateway.ask('entities');
  expect(data).toEqual(nothing);
  expect(errors.map(({ path }) => path)).toEqual(everyPath);
  expect(errors[0]).toMatchObject({ code: 'STORE_TIMEOUT', message: 'The subgraph shelf did not answer in time.' });
});

test('a request that has less time than the subgraph may take is not kept waiting', async () => {
  await using server = await serve(() => {});
  await using gateway = connect(server.url, { timeoutMs: 600_000, requestTimeoutMs: 150 });
  expect((await gateway.ask('list')).errors[0]).toMatchObject({ code: 'STORE_TIMEOUT' });
});

test('an answer of more than 32 MB is not read to its end', async () => {
  await using server = await serve((_, response) => {
    const chunk = Buffer.alloc(1024 * 1024, ' ');
    const more = () => response.write(chunk, (error) => error || setImmediate(more));
    more();
  });
  await using gateway = connect(server.url, { timeoutMs: 60_000, requestTimeoutMs: 60_000 });
  expect((await gateway.ask('list')).errors[0]).toMatchObject({ code: 'STORE_ERROR', retryable: false });
});

describe('when the connection breaks', () => {
  const breakingOnce =
    (asked: string[]): RequestListener =>
    (request, response) => {
      asked.push(request.url ?? '');
      if (asked.length === 1) request.socket.destroy();
      else saying(JSON.stringify({ data: { books: [], write: { title: 'T' } } }))(request, response);
    };

  test('a query is asked once more', async () => {
    const asked: string[] = [];
    await using server = await serve(breakingOnce(asked));
    await using gateway = connect(server.url);
    expect(await gateway.ask('list')).toEqual({ data: { books: [] }, errors: [] });
    expect(asked).toHaveLength(2);
  });

  test('a mutation is not, and the error says that it may have been done', async () => {
    const asked: string[] = [];
    await using server = await serve(breakingOnce(asked));
    await using gateway = connect(server.url);
    const { data, errors } = await gateway.ask('mutation');
    expect(data).toEqual({ write: null });
    const message = 'The subgraph shelf cannot be reached; whether it was done, nobody knows.';
    expect(errors).toMatchObject([{ message, path: ['write'], code: 'STORE_UNAVAILABLE' }]);
    expect(asked).toHaveLength(1);
  });

  test('a mutation that never left says nothing of the kind', async () => {
    const server = await serve(saying(''));
    await server[Symbol.asyncDispose]();
    await using gateway = connect(server.url);
    expect((await gateway.ask('mutation')).errors[0]?.message).toBe('The subgraph shelf cannot be reached.');
  });

  test('a subgraph that is dead for a while is left alone, and asked again later', async () => {
    let asked = 0;
    let isDead = true;
    await using server = await serve((request, response) => {
      asked += 1;
      if (isDead) request.socket.destroy();
      else saying('{"data":{"books":[]}}')(request, response);
    });
    await using gateway = connect(server.url);
    for (let i = 0; i < 10; i += 1) await gateway.ask('mutation');
    expect(asked).toBe(5);
    isDead = false;
    await expect.poll(async () => (await gateway.ask('list')).errors, { timeout: 20_000, interval: 200 }).toEqual([]);
  });
});

describe('errors that a subgraph tells', () => {
  const told = async (errors: unknown, data: unknown = { _entities: [{ title: null, pages: 1 }, null] }) => {
    await using server = await serve(saying(JSON.stringify({ data, errors })));
    await using gateway = connect(server.url);
    return (await gateway.ask('entities')).errors;
  };
  const path = ['_entities', 0, 'title'];

  test('with a code of ours are taken over, but for what clients have no use for', async () => {
    const extensions = { code: 'STORE_TIMEOUT', store: 'shelf', retryable: true };
    const more = { http: { status: 418 }, stacktrace: ['at /srv'] };
    const [error, ...others] = await told([
      { message: 'late', path, locations: [], extensions: { ...extensions, ...more } },
    ]);
    expect(error).toEqual({ message: 'late', path, ...extensions });
    expect(others).toEqual([]);
  });

  test.for([undefined, {}, { code: 'ECONNREFUSED' }, { code: 'GRAPHQL_VALIDATION_FAILED' }, { code: 'toString' }])(
    'with the extensions %j are defects',
    async (extensions) => {
      expect(await told([{ message: 'm', path, extensions }])).toMatchObject([{ path, code: 'INTERNAL_SERVER_ERROR' }]);
    },
  );

  test.for([
    [['_entities', 5, 'title']],
    [['_entities', 0, 'nowhere']],
    [['nowhere']],
    [[0]],
    [['_entities', 'length']],
  ])('with the path %j have none', async ([wrong]) => {
    const [error] = await told([{ message: 'm', path: wrong, extensions: { code: 'STORE_ERROR' } }]);
    expect(error).toMatchObject({ code: 'STORE_ERROR', path: undefined });
  });

  test('below what is null keep their path', async () => {
    const below = ['_entities', 1, 'title'];
    const [error] = await told([{ message: 'm', path: below, extensions: { code: 'STORE_ERROR' } }]);
    expect(error?.path).toEqual(below);
  });

  test.for([
    'x',
    5,
    {},
    [null],
    ['x'],
    [{}],
    [{ message: 5 }],
    [{ message: 'm', path: 'x' }],
    [{ message: 'm', path: [null] }],
  ])('of a wrong form (%j) are told as no proper answer', async (errors) => {
    expect(await told(errors)).toMatchObject([{ code: 'STORE_UNAVAILABLE', store: 'shelf' }]);
  });

  test('by the hundred thousand, or without end, are cut, and that is told', async () => {
    const extensions = { code: 'STORE_ERROR' };
    const many = await told(Array(200_000).fill({ message: 'm', extensions }));
    expect(many).toHaveLength(5_001);
    expect(many.at(-1)).toMatchObject({ message: 'The subgraph shelf gave no proper answer.' });
    const [long] = await told([{ message: 'm'.repeat(1_000_000), path, extensions }]);
    expect([long?.message.length, long?.path]).toEqual([500, path]);
    const [winding] = await told([{ message: 'm', path: ['_entities', 1, ...Array(1_000).fill(0)], extensions }]);
    expect(winding?.path).toBeUndefined();
  });
});

describe('store calls that a subgraph tells', () => {
  const call = {
    ...{ subgraph: null, store: 'shelf', fetch: null, statement: 'GET', inShell: null, rows: 1, batch: null },
    ...{ startMs: 0, durationMs: 1, attempts: 1, error: null, parameters: [{ name: '$1', type: 'int', value: 1 }] },
  };
  /** What the X-ray has of these calls, which are JSON; the page must live. */
  const told = async (calls: string) => {
    await using server = await serve(
      saying(`{"data":${JSON.stringify(whole.data)},"extensions":{"xray":{"calls":${calls}}}}`),
    );
    await using gateway = connect(server.url);
    const xray = startXray();
    expect(await gateway.ask('entities', xray)).toEqual({ ...whole, errors: [] });
    const report = xray.report({ mayShowValues: true, traceId: null });
    return JSON.parse(JSON.stringify(report)).calls;
  };
  const nested = JSON.stringify([call]).replace('"value":1', `"value":${'['.repeat(20_000)}${']'.repeat(20_000)}`);

  test('are taken over', async () => {
    expect(await told(JSON.stringify([call]))).toMatchObject([{ store: 'shelf', parameters: call.parameters }]);
  });

  test.for([
    ['a hundred thousand', JSON.stringify(Array(100_000).fill(call))],
    ['one with a value that nobody could write again', nested],
    ['none', 'null'],
  ])('are left out where they are %s', async ([, calls]) => {
    expect(await told(String(calls))).toEqual([]);
  });
});

describe('whether it is ready', () => {
  const asked: string[] = [];
  const answers: Record<string, [number, string]> = {
    '/ready': [200, '{"stores":{"shelf":"up"}}'],
    '/storeless/ready': [200, '{"stores":{}}'],
    '/down/ready': [200, '{"stores":{"shelf":"down"}}'],
    '/off/ready': [200, '{"stores":{"shelf":"off"}}'],
    '/wrong/ready': [404, '{"stores":{}}'],
    '/html/ready': [200, '<html>'],
  };
  test('is asked beside its endpoint, and a store that is off is not up', async () => {
    await using server = await serve((request, response) => {
      asked.push(String(request.url));
      const [status, body] = answers[String(request.url)] ?? [500, '{"stores":{}}'];
      saying(body, { status })(request, response);
    });
    const isReady = async (path: string) => {
      await using gateway = connect(`${server.url}${path}`);
      return await gateway.ping().then(
        () => true,
        () => false,
      );
    };
    for (const path of ['', '/graphql', '/elsewhere?v=2', '/storeless/graphql']) expect(await isReady(path)).toBe(true);
    for (const path of ['down', 'off', 'wrong', 'html']) expect(await isReady(`/${path}/graphql`)).toBe(false);
    expect(asked).toEqual([...Array(3).fill('/ready'), ...Object.keys(answers).slice(1)]);
  });
});

test('calls, errors, durations and the breaker have rows of their own, beside those of a store of that name', async () => {
  measureStores(['shelf']);
  measureSubgraphs(['shelf']);
  const row = async () => {
    const samples = readSamples(await registry.metrics());
    const of = (metric: string, labels = {}) =>
      sumOf(samples, `streamshop_subgraph_${metric}`, { subgraph: 'shelf', ...labels });
    const states = ['closed', 'half-open', 'open'];
    return {
      calls: of('calls_total'),
      errors: ['STORE_UNAVAILABLE', 'STORE_TIMEOUT', 'STORE_ERROR'].map((code) => of('errors_total', { code })),
      durations: of('call_duration_seconds_count'),
      breaker: states.map((state) => of('breaker_state', { state })),
      storesBreaker: states.map((state) => sumOf(samples, 'streamshop_breaker_state', { store: 'shelf', state })),
    };
  };
  const closed = { breaker: [1, 0, 0], storesBreaker: [1, 0, 0] };
  expect(await row()).toEqual({ calls: 0, errors: [0, 0, 0], durations: 0, ...closed });

  let body = JSON.stringify({
    data: { books: null, write: null },
    errors: [{ message: 'm', path: ['books'], extensions: { code: 'STORE_TIMEOUT' } }],
  });
  await using server = await serve((request, response) => {
    if (body === '') request.socket.destroy();
    else saying(body)(request, response);
  });
  await using gateway = connect(server.url);
  await gateway.ask('list');
  expect(await row()).toEqual({ calls: 1, errors: [0, 0, 0], durations: 1, ...closed });
  body = '<html>';
  await gateway.ask('list');
  expect(await row()).toEqual({ calls: 2, errors: [1, 0, 0], durations: 2, ...closed });

  body = '';
  for (let i = 0; i < 7; i += 1) await gateway.ask('mutation');
  const open = { calls: 9, errors: [8, 0, 0], durations: 7, breaker: [0, 0, 1], storesBreaker: [1, 0, 0] };
  expect(await row()).toEqual(open);

  const store = createSeam({ store: 'shelf', timeoutMs: 1_000, isOutage: () => false });
  await store('GET', async () => 1);
  expect(await row()).toEqual(open);
});

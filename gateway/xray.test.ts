import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createRequest, roomContext } from './context.ts';
import { codedError } from './errors.ts';
import { withOrigin } from './request.ts';
import { createSeam, type Parameters, secret } from './seam.ts';
import { observeForXray, startXray } from './xray.ts';
import { parametersOf, shapeOf } from './xray-shape.ts';

observeForXray();

const sessions = { create: async () => '', find: async () => null, end: async () => {} };
const seam = createSeam({
  store: 'shelf',
  timeoutMs: 1_000,
  isOutage: () => false,
  inShell: (statement: string, parameters: Parameters) => `${statement} <- ${JSON.stringify(parameters)}`,
});

function observedRequest() {
  const xray = startXray();
  const request = createRequest({ token: null, sessions, timeoutMs: 1_000, xray });
  const report = (mayShowValues: boolean) => xray.report({ mayShowValues, traceId: null });
  return { report, origin: { request, subgraph: 'shelf', fetch: '{ books }', isObserved: true } };
}

test('tells a call’s statement, the shape of its parameters, rows and outcome; values only to those who may see them', async () => {
  const { origin, report } = observedRequest();
  await withOrigin(origin, async () => {
    await seam({ text: 'GET $1', parameters: ['b1'] }, async () => ['one', 'two']);
    await seam('BAD', () => Promise.reject(codedError('NOT_FOUND', 'gone'))).catch(() => {});
  });
  const [call, failed] = report(false).calls;
  expect(call).toMatchObject({
    ...{ subgraph: 'shelf', store: 'shelf', statement: 'GET $1', rows: 2, attempts: 1, error: null, inShell: null },
    parameters: [{ name: '$1', type: 'string(2)' }],
  });
  expect(call?.parameters[0]).not.toHaveProperty('value');
  expect(failed).toMatchObject({ statement: 'BAD', rows: null, error: 'NOT_FOUND' });
  expect(report(true).calls[0]).toMatchObject({
    inShell: 'GET $1 <- ["b1"]',
    parameters: [{ name: '$1', type: 'string(2)', value: 'b1' }],
  });
});

test('says how many keys a batched call served', async () => {
  const { origin, report } = observedRequest();
  async function titles(_store: undefined, ids: readonly string[]) {
    return await seam({ text: 'MGET $1', parameters: [ids] }, async () => [...ids]);
  }
  await withOrigin(origin, async () => {
    const { load } = roomContext(origin.request, { name: 'shelf', store: undefined });
    await Promise.all(['a', 'b', 'a'].map((id) => load(titles, id)));
  });
  expect(report(false).calls).toMatchObject([{ batch: { query: 'titles', keys: 2 }, rows: 2 }]);
});

test('records nothing for a request that did not ask for it', async () => {
  const { origin, report } = observedRequest();
  const request = createRequest({ token: null, sessions, timeoutMs: 1_000 });
  await withOrigin({ ...origin, request }, () => seam('GET', async () => null));
  await setImmediate();
  expect(report(true).calls).toEqual([]);
});

test('a secret is shown to nobody, wherever it stands', () => {
  expect(parametersOf([secret, { token: secret, id: 1n }], true)).toEqual([
    { name: '$1', type: 'secret' },
    { name: '$2', type: 'object { token id }', value: { token: '<secret>', id: '1' } },
  ]);
});

test('bytes are told by their number, and what JSON does not know breaks nothing', () => {
  expect(parametersOf([Buffer.from('private'), { data: new Uint8Array(2) }, () => 1, undefined], true)).toMatchObject([
    { type: 'binary(7)', value: 'binary(7)' },
    { value: { data: 'binary(2)' } },
    { type: 'function', value: null },
    { type: 'null', value: null },
  ]);
});

test('a shape says nothing of a value but its size', () => {
  const shapes = [
    'abcd',
    7,
    0.5,
    7n,
    true,
    null,
    new Date(),
    Buffer.alloc(3),
    [],
    ['ab', 'c'],
    { a: 1 },
    new URL('a:b'),
  ];
  expect(shapes.map(shapeOf)).toEqual([
    ...['string(4)', 'int', 'float', 'int', 'boolean', 'null', 'instant', 'binary(3)', 'list(0)'],
    ...['list(2) of string(2)', 'object { a }', 'url'],
  ]);
});

test('an answer whose rows cannot be counted breaks nothing', async () => {
  const { origin, report } = observedRequest();
  const rowsOf = ({ hits }: { hits?: string[] }) => (hits as string[]).length;
  const answer = withOrigin(origin, () => seam({ text: 'SEARCH', rowsOf }, async () => ({})));
  await expect(answer).resolves.toEqual({});
  expect(report(false).calls).toMatchObject([{ rows: null, error: null }]);
});

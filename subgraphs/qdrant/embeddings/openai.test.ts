import { exec } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { callsDuring } from '../../../gateway/testing.ts';
import { openOpenAi } from './openai.ts';
import { type Asked, type Endpoint, openEndpoint, say, sayVectors } from './testing.ts';

const open = ({ url }: Endpoint, timeoutMs = 5_000) => openOpenAi({ url, model: 'tiny', apiKey: 'k-1', timeoutMs });

/** Vectors that tell the texts' lengths. */
const answer = (response: Parameters<typeof say>[0], asked: Asked) =>
  sayVectors(response, asked, (text) => [text.length, 1, 0]);

const code = (code: string) => ({ extensions: { code, store: 'embeddings' } });

test('asks as the protocol says, and gives each text its vector, of length 1', async () => {
  await using endpoint = await openEndpoint(answer);
  const embedder = open(endpoint);
  const vectors = await embedder.embed(['abc', 'a']);
  expect(endpoint.asked).toEqual([
    {
      method: 'POST',
      url: '/v1/embeddings',
      headers: expect.objectContaining({ 'content-type': 'application/json', authorization: 'Bearer k-1' }),
      body: { model: 'tiny', input: ['abc', 'a'], encoding_format: 'float' },
    },
  ]);
  const root = Math.sqrt(10);
  expect([...(vectors[0] ?? [])]).toEqual([3 / root, 1 / root, 0].map(Math.fround));
  expect([...(vectors[1] ?? [])]).toEqual([1, 1, 0].map((number) => Math.fround(number / Math.SQRT2)));
});

test('a user and password of the URL are sent, unless there is a key', async () => {
  await using endpoint = await openEndpoint(answer);
  const url = endpoint.url.replace('//', '//me:se%3Acret@');
  const options = { url, model: 'tiny', timeoutMs: 5_000 };
  expect(await openOpenAi({ ...options, apiKey: null }).embed(['a'])).toHaveLength(1);
  await openOpenAi({ ...options, apiKey: 'k-1' }).embed(['a']);
  const basic = `Basic ${Buffer.from('me:se:cret').toString('base64')}`;
  expect(endpoint.asked.map(({ headers }) => headers.authorization)).toEqual([basic, 'Bearer k-1']);
  expect(() => openOpenAi({ ...options, url: 'http://me:se/cret@x', apiKey: null })).toThrow(
    /^EMBEDDINGS_URL is not a URL$/,
  );
});

test('what can be pasted is what is asked, and tells no text before it has its values', async () => {
  await using endpoint = await openEndpoint(answer);
  const [call] = await callsDuring(() => open(endpoint).embed([`it's "x" $HOME`, 'ü']));
  expect(call?.statement).toBe('POST /embeddings\n{ "model": "tiny", "input": $texts, "encoding_format": "float" }');
  const pasted = call?.inShell?.(call.statement, call.parameters) ?? '';
  expect(pasted).not.toContain('k-1');
  await promisify(exec)(pasted, { env: { ...process.env, EMBEDDINGS_API_KEY: 'k-1' } });
  const [sent, typed] = endpoint.asked.map(({ method, url, body, headers }) => ({
    ...{ method, url, body, authorization: headers.authorization },
  }));
  expect(typed).toEqual(sent);
});

test('many texts are several requests, in order; none is none', async () => {
  await using endpoint = await openEndpoint(answer);
  const embedder = open(endpoint);
  expect(await embedder.embed([])).toEqual([]);
  expect(endpoint.asked).toHaveLength(0);
  const vectors = await embedder.embed(Array.from({ length: 150 }, (_, index) => 'x'.repeat(index + 1)));
  expect(endpoint.asked.map(({ body }) => body.input.length)).toEqual([64, 64, 22]);
  for (const [index, vector] of vectors.entries()) {
    expect((vector[0] ?? 0) / (vector[1] ?? 0)).toBeCloseTo(index + 1, 3);
  }
});

test('its dimensions are those of its vectors, asked for once', async () => {
  await using endpoint = await openEndpoint(answer);
  const embedder = open(endpoint);
  expect([await embedder.dimensions(), await embedder.dimensions()]).toEqual([3, 3]);
  expect(endpoint.asked).toHaveLength(1);
});

test.each([
  [429, 'STORE_UNAVAILABLE'],
  [500, 'STORE_UNAVAILABLE'],
  [503, 'STORE_UNAVAILABLE'],
  [400, 'STORE_ERROR'],
  [401, 'STORE_ERROR'],
])('HTTP %i is %s, and the next text is asked for all the same', async (status, expected) => {
  let isRefusing = true;
  await using endpoint = await openEndpoint((response, asked) =>
    isRefusing ? say(response, status, '{"error":{"message":"no"}}') : answer(response, asked),
  );
  const embedder = open(endpoint);
  await expect(embedder.embed(['a'])).rejects.toMatchObject(code(expected));
  isRefusing = false;
  expect(await embedder.embed(['a'])).toHaveLength(1);
});

const vector = { index: 0, embedding: [1, 0] };

test.each([
  ['no JSON', '<html>busy</html>'],
  ['no vectors', '{"data":[]}'],
  ['too few', JSON.stringify({ data: [vector] })],
  ['the same place twice', JSON.stringify({ data: [vector, vector] })],
  ['vectors of different lengths', JSON.stringify({ data: [vector, { index: 1, embedding: [1] }] })],
  ['a vector without direction', JSON.stringify({ data: [vector, { index: 1, embedding: [0, 0] }] })],
  ['what is no number', JSON.stringify({ data: [vector, { index: 1, embedding: [null, 1] }] })],
])('an answer with %s is STORE_ERROR', async (_, text) => {
  await using endpoint = await openEndpoint((response) => say(response, 200, text));
  await expect(open(endpoint).embed(['a', 'b'])).rejects.toMatchObject(code('STORE_ERROR'));
});

test('an endpoint that hangs is STORE_TIMEOUT, also in the middle of its answer', async () => {
  await using silent = await openEndpoint(() => {});
  await expect(open(silent, 200).embed(['a'])).rejects.toMatchObject(code('STORE_TIMEOUT'));
  await using stuck = await openEndpoint((response) => void response.writeHead(200).write('{"data":'));
  await expect(open(stuck, 200).embed(['a'])).rejects.toMatchObject(code('STORE_TIMEOUT'));
});

test('an endpoint that is not there, or hangs up, is STORE_UNAVAILABLE at once', async () => {
  const endpoint = await openEndpoint(() => {});
  const gone = open(endpoint);
  await endpoint[Symbol.asyncDispose]();
  const start = performance.now();
  await expect(gone.embed(['a'])).rejects.toMatchObject(code('STORE_UNAVAILABLE'));
  await using rude = await openEndpoint((response) => void response.socket?.destroy());
  await expect(open(rude).embed(['a'])).rejects.toMatchObject(code('STORE_UNAVAILABLE'));
  expect(performance.now() - start).toBeLessThan(1_000);
});

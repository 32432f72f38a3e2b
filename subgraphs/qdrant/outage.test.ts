import { expect, test } from 'vitest';
import { applyAll } from '../../fanout/apply.ts';
import { openOpenAi } from './embeddings/openai.ts';
import { type Asked, openEndpoint, say, sayVectors } from './embeddings/testing.ts';
import { qdrantSink } from './sink.ts';
import { batchOf, movieChanged, openCorner } from './testing.ts';

const vectorOf = (text: string) => Array.from({ length: 384 }, (_, index) => (index === text.length % 384 ? 1 : 0));

type Reply = (response: Parameters<typeof say>[0], asked: Asked) => void;

/** What an endpoint may do for a while. Qdrant's collections hold vectors of 384 numbers. */
const troubles: [string, Reply][] = [
  ['answers 500', (response) => say(response, 500, 'out of memory')],
  ['answers 429', (response) => say(response, 429, '{"error":{"message":"slow down"}}')],
  ['refuses the key', (response) => say(response, 401, '{"error":{"message":"no such key"}}')],
  ['hangs up', (response) => void response.socket?.destroy()],
  ['hangs', () => {}],
  ['talks nonsense', (response) => say(response, 200, '<html>busy</html>')],
  ['gives vectors of another model', (response, asked) => sayVectors(response, asked, () => [1, 2, 3])],
];

// Longer than what an event gets before it is a dead letter: five attempts in three seconds.
const troubleMs = 4_000;

test.concurrent.each(troubles)('events wait while the endpoint %s, and none is buried', async (_, trouble) => {
  await using corner = await openCorner();
  const end = performance.now() + troubleMs;
  await using endpoint = await openEndpoint((response, asked) => {
    if (performance.now() < end) trouble(response, asked);
    else sayVectors(response, asked, vectorOf);
  });
  const embedder = openOpenAi({ url: endpoint.url, model: 'tiny', apiKey: null, timeoutMs: 300 });
  const sink = qdrantSink(corner.store, embedder);
  const events = [movieChanged(corner.id(), 1), movieChanged(corner.id(), 1)];
  const buried: unknown[] = [];
  let isDown = false;
  await applyAll(
    events.map((event, index) => ({
      offset: BigInt(index),
      message: { key: null, value: null },
      reading: { kind: 'event' as const, event },
    })),
    {
      apply: (run) =>
        sink.apply(batchOf(run.flatMap(({ reading }) => (reading.kind === 'event' ? [reading.event] : [])))),
      probe: () => sink.probe(),
      retried() {},
      bury: async (item) => void buried.push(item),
      advance: async () => {},
      outage: {
        begins() {
          isDown = true;
        },
        ends() {
          isDown = false;
        },
        leave() {},
      },
      signal: AbortSignal.timeout(30_000),
    },
  );
  expect(buried).toEqual([]);
  expect(isDown).toBe(false);
  for (const { subject } of events) {
    expect((await corner.read('movies', subject))?.payload).toMatchObject({ version: 1 });
  }
});

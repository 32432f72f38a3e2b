import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { readSettings } from '../../../config.ts';
import type { Embedder } from './embedder.ts';
import { openMiniLm } from './minilm.ts';

/** Opens the model for the length of a test. */
function openModel(modelFolder = readSettings().embeddings.modelFolder): Embedder & AsyncDisposable {
  const embedder = openMiniLm({ modelFolder });
  return { ...embedder, [Symbol.asyncDispose]: () => embedder.close() };
}

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
const plot = 'A thief who steals corporate secrets by dream-sharing is given the task of planting an idea. '.repeat(4);

test('gives the cosines that the model is known for', async () => {
  await using model = openModel();
  const [person, dog, very, sunny] = (await model.embed([
    'That is a happy person',
    'That is a happy dog',
    'That is a very happy person',
    'Today is a sunny day',
  ])) as [Float32Array, Float32Array, Float32Array, Float32Array];
  expect(await model.dimensions()).toBe(384);
  expect(person).toHaveLength(384);
  expect(dot(person, person)).toBeCloseTo(1, 5);
  // The values that its card shows for these sentences.
  expect(Math.abs(dot(person, dog) - 0.695)).toBeLessThan(0.01);
  expect(Math.abs(dot(person, very) - 0.943)).toBeLessThan(0.01);
  expect(Math.abs(dot(person, sunny) - 0.257)).toBeLessThan(0.01);
});

test('a text has the same vector alone and among others of any length', async () => {
  await using model = openModel();
  const texts = ['Dreams', plot, 'A wormhole near Saturn', '', plot.slice(0, 200), 'Café Ünïcode 日本 2024!'];
  const together = await model.embed(texts);
  expect(together).toHaveLength(texts.length);
  for (const [index, text] of texts.entries()) {
    const [alone] = (await model.embed([text])) as [Float32Array];
    expect(dot(alone, together[index] as Float32Array), text).toBeCloseTo(1, 4);
  }
});

test('what is beyond 256 tokens is cut off', async () => {
  await using model = openModel();
  const long = 'dream '.repeat(255);
  const [cut, longer, shorter] = (await model.embed([`${long}${plot}`, `${long}Today is a sunny day`, 'dream'])) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  expect(dot(cut, longer)).toBeCloseTo(1, 5);
  expect(dot(cut, shorter)).toBeLessThan(0.999);
});

test('questions side by side get their own answers, and the event loop goes on meanwhile', async () => {
  await using model = openModel();
  await model.embed(['loaded']);
  let turns = 0;
  const clock = setInterval(() => {
    turns += 1;
  }, 5);
  const [plots, [short], none] = await Promise.all([
    model.embed(Array.from({ length: 40 }, (_, index) => `${index} ${plot}`)),
    model.embed(['Today is a sunny day']),
    model.embed([]),
  ]);
  clearInterval(clock);
  expect(none).toEqual([]);
  expect(plots).toHaveLength(40);
  const [alone] = (await model.embed(['Today is a sunny day'])) as [Float32Array];
  expect(dot(alone, short as Float32Array)).toBeCloseTo(1, 5);
  // A second of computing in five runs: in this thread there would be a turn between two of them, and no more.
  expect(turns).toBeGreaterThan(30);
});

test('a missing model is said, each time, and closing is possible all the same', async () => {
  await using model = openModel('/nowhere');
  for (let time = 0; time < 2; time += 1) {
    await expect(model.embed(['text'])).rejects.toMatchObject({
      message: expect.stringMatching(/open '\/nowhere\/tokenizer.json'. Put it there \(node stack\/qdrant\/model.ts\)/),
      extensions: { code: 'STORE_UNAVAILABLE', store: 'embeddings' },
    });
  }
});

test('closing waits for what was asked, and the next text opens it again', async () => {
  await using model = openModel();
  await model.close();
  const asked = model.embed(['Dreams']);
  await model.close();
  expect(await asked).toHaveLength(1);
  expect(await model.embed(['Dreams'])).toHaveLength(1);
});

test.each(['', 'await model.close();'])('a program that has embedded ends by itself: %j', async (end) => {
  const program = `
    import { openMiniLm } from '${join(import.meta.dirname, 'minilm.ts')}';
    const model = openMiniLm(${JSON.stringify(readSettings().embeddings)});
    console.log((await model.embed(['Dreams'])).length);
    ${end}`;
  const run = promisify(execFile)(process.execPath, ['--eval', program]);
  expect((await run).stdout).toBe('1\n');
});

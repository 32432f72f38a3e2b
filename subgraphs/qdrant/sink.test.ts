import { describe, expect, test } from 'vitest';
import { callsDuring } from '../../gateway/testing.ts';
import type { StreamEvent } from '../../schema/events/index.ts';
import type { Embedder } from './embeddings/embedder.ts';
import { qdrantSink } from './sink.ts';
import { batchOf, movieChanged, openCorner, postChanged, postDeleted } from './testing.ts';

const cosine = (a: Float32Array, b: readonly number[]) =>
  a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);

/** The embedder, and what it was given. */
function watched(embedder: Embedder) {
  const texts: string[] = [];
  const embed = (given: readonly string[]) => {
    texts.push(...given);
    return embedder.embed(given);
  };
  return { texts, embedder: { ...embedder, embed } };
}

test('a movie becomes a point: the vector of its title, synopsis and tags, and what filters need', async () => {
  await using corner = await openCorner();
  const id = corner.id();
  const data = { title: 'Inception', synopsis: 'A thief enters dreams.', tags: ['dream', 'heist'], genres: ['Sci-Fi'] };
  await qdrantSink(corner.store, corner.embedder).apply(batchOf([movieChanged(id, 3, { ...data, releaseYear: 2010 })]));

  const point = await corner.read('movies', id);
  const { title, tags, genres } = data;
  expect(point?.payload).toEqual({ id, title, genres, tags, releaseYear: 2010, version: 3, deleted: false });
  const [expected] = await corner.embedder.embed(['Inception. A thief enters dreams. dream, heist']);
  expect(cosine(expected as Float32Array, point?.vector as number[])).toBeCloseTo(1, 4);
});

test('a post becomes a point, and its deletion a tombstone without a vector', async () => {
  await using corner = await openCorner();
  const id = corner.id();
  const sink = qdrantSink(corner.store, corner.embedder);
  await sink.apply(batchOf([postChanged(id, 1, { movieId: 'm101', tags: ['trailer'] })]));
  expect(await corner.read('posts', id)).toEqual({
    payload: {
      ...{ id, authorId: 'u1', movieId: 'm101', tags: ['trailer'], createdAt: '2026-10-02T20:00:00.000Z' },
      ...{ version: 1, deleted: false },
    },
    vector: expect.objectContaining({ length: 384 }),
  });
  await sink.apply(batchOf([postDeleted(id, 2)]));
  expect(await corner.read('posts', id)).toEqual({ payload: { id, version: 2, deleted: true }, vector: {} });
});

describe('in the end stands the newest version', () => {
  const history = (id: string): StreamEvent[] => [
    postChanged(id, 1, { title: 'First' }),
    postChanged(id, 2, { title: 'Second', movieId: 'm1' }),
    postDeleted(id, 4),
  ];

  test.each<[string, (events: StreamEvent[]) => StreamEvent[][]]>([
    ['each in a batch of its own', (events) => events.map((event) => [event])],
    ['all at once', (events) => [events]],
    ['newest first, in one batch', (events) => [events.toReversed()]],
    ['newest first, in several', (events) => events.toReversed().map((event) => [event])],
    ['twice, cut otherwise', (events) => [events.slice(0, 2), events.slice(1), events]],
    ['an old one redriven long after', (events) => [events, events.slice(0, 1)]],
  ])('%s', async (_, batches) => {
    await using corner = await openCorner();
    const id = corner.id();
    const sink = qdrantSink(corner.store, corner.embedder);
    for (const batch of batches(history(id))) await sink.apply(batchOf(batch));
    expect(await corner.read('posts', id)).toEqual({ payload: { id, version: 4, deleted: true }, vector: {} });
  });
});

test('a redelivery embeds nothing, and in a batch only the newest of a movie is embedded', async () => {
  await using corner = await openCorner();
  const [first, second] = [corner.id(), corner.id()];
  const { texts, embedder } = watched(corner.embedder);
  const sink = qdrantSink(corner.store, embedder);
  const events = [
    movieChanged(first, 1, { title: 'Old' }),
    movieChanged(first, 2, { title: 'New' }),
    movieChanged(second, 1, { title: 'Other' }),
  ];
  await sink.apply(batchOf(events));
  expect(texts.map((text) => text.split('.')[0])).toEqual(['New', 'Other']);
  const before = await corner.read('movies', first);
  await sink.apply(batchOf(events));
  expect(texts).toHaveLength(2);
  expect(await corner.read('movies', first)).toEqual(before);
});

test('what another writer stored while the texts were embedded is not overwritten with an older version', async () => {
  await using corner = await openCorner();
  const [id, other] = [corner.id(), corner.id()];
  const running = qdrantSink(corner.store, corner.embedder);
  // A redrive of versions that were the newest when it looked.
  const redriven = qdrantSink(corner.store, {
    ...corner.embedder,
    async embed(texts) {
      await running.apply(batchOf([movieChanged(id, 7, { title: 'Newest' })]));
      return corner.embedder.embed(texts);
    },
  });
  await redriven.apply(
    batchOf([movieChanged(id, 5, { title: 'Old' }), movieChanged(other, 5), movieChanged(other, 6)]),
  );
  expect((await corner.read('movies', id))?.payload).toMatchObject({ version: 7, title: 'Newest' });
  expect((await corner.read('movies', other))?.payload).toMatchObject({ version: 6 });
});

test('500 events of any versions are one look and five writes', async () => {
  await using corner = await openCorner();
  const sink = qdrantSink(corner.store, corner.embedder);
  const ids = Array.from({ length: 500 }, () => corner.id());
  const events = ids.map((id, index) => postChanged(id, 1 + (index % 7), { title: `Post ${index}`, body: '' }));
  const calls = await callsDuring(() => sink.apply(batchOf(events)));
  expect(calls.map(({ statement }) => statement.split(/[?\n]/)[0])).toEqual([
    'POST /collections/posts/points',
    ...Array.from({ length: 5 }, () => 'POST /collections/posts/points/batch'),
  ]);
  expect((await corner.read('posts', ids[499] ?? ''))?.payload).toMatchObject({ version: 1 + (499 % 7) });
});

test('events of other types and empty batches ask nobody', async () => {
  await using corner = await openCorner();
  expect(await callsDuring(() => qdrantSink(corner.store, corner.embedder).apply(batchOf([])))).toEqual([]);
});

test('the probe fails where the model gives nothing, or vectors of another size', async () => {
  await using corner = await openCorner();
  const probeWith = (embed: Embedder['embed']) => qdrantSink(corner.store, { ...corner.embedder, embed }).probe();
  await probeWith(corner.embedder.embed);
  await expect(probeWith(() => Promise.reject(new Error('no model')))).rejects.toThrow('no model');
  await expect(probeWith(async () => [new Float32Array(3).fill(1)])).rejects.toMatchObject({
    extensions: { code: 'STORE_ERROR' },
  });
});

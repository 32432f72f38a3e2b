import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSettings } from '../../config.ts';
import { joinSources } from '../../fanout/source.ts';
import { callsDuring } from '../../gateway/testing.ts';
import { openRecorder, paste, plainRequest, type Recorder, shellTextOf } from '../../test/http-recorder.ts';
import { openEmbedder } from './embeddings/embedder.ts';
import { moviesLikeWatched } from './like-watched.ts';
import { type SimilarKey, similarMovies } from './queries.ts';
import { qdrantSink } from './sink.ts';
import { openQdrant, type QdrantStore } from './store.ts';
import { batchOf, movieChanged, type OwnCorner, openCorner, postChanged, postDeleted, watched } from './testing.ts';

const settings = readSettings();
let corner: OwnCorner;
let recorder: Recorder;
let store: QdrantStore;
let keys: SimilarKey[];

beforeAll(async () => {
  corner = await openCorner();
  recorder = await openRecorder(settings.qdrant.url);
  store = openQdrant({ ...settings.qdrant, url: recorder.url }, openEmbedder(settings.embeddings));
  const [one, other] = [corner.id(), corner.id()];
  const genre = `it's "${one}"`;
  const films = [one, other].map((id) => movieChanged(id, 1, { genres: [genre], releaseYear: 1999 }));
  await qdrantSink(corner.store, corner.embedder).apply(batchOf(films));
  keys = [
    { id: one, first: 2, genre: null, yearFrom: null, yearTo: null },
    { id: other, first: 1, genre, yearFrom: 1999, yearTo: null },
  ];
});
afterAll(async () => {
  await store?.close();
  await recorder?.[Symbol.asyncDispose]();
  await corner?.[Symbol.asyncDispose]();
});

test('what can be pasted is what is sent, for every call of the room', async () => {
  const sink = qdrantSink(store, corner.embedder);
  const [film, post, gone, viewer] = [corner.id(), corner.id(), corner.id(), corner.id()];
  const before = recorder.requests.length;
  // No embedder of this test makes a call of its own.
  const calls = await callsDuring(async () => {
    await store.ping();
    await store.call('DELETE /collections/sink_probe', (client) => client.deleteCollection('sink_probe'));
    await store.migrate();
    await sink.probe();
    await sink.apply(batchOf([movieChanged(film, 3), postChanged(post, 2), postDeleted(gone, 7)]));
    await sink.apply(batchOf([watched(viewer, film), watched(viewer, keys[0]?.id ?? '')]));
    await sink.verify(joinSources([]));
    await moviesLikeWatched(store, [viewer, 'unknown']);
    await similarMovies(store, keys);
    await similarMovies(store, [...keys, { id: 'unknown', first: 1, genre: null, yearFrom: null, yearTo: 2001 }]);
  });
  expect(calls.map((call) => plainRequest(shellTextOf(call)))).toEqual(recorder.requests.slice(before));
});

test('a query that is pasted finds what the page has found', async () => {
  let found: Awaited<ReturnType<typeof similarMovies>> = [];
  const calls = await callsDuring(async () => {
    found = await similarMovies(store, keys);
  });
  expect(found.map(({ length }) => length)).toEqual([2, 1]);
  const { result } = await paste(settings.qdrant.url, shellTextOf(calls[0] ?? expect.fail()));
  const pasted = (result as { points: { payload: { id: string }; score: number }[] }[]).map(({ points }) =>
    points.map(({ payload, score }) => ({ movieId: payload.id, score })),
  );
  expect(pasted).toEqual(found);
});

test('a statement tells its form, not the values, and is one for any number of keys', async () => {
  const statementOf = async (asked: SimilarKey[]) =>
    (await callsDuring(() => similarMovies(store, asked)))[0]?.statement;
  const statement = await statementOf(keys);
  expect(await statementOf(keys.slice(1))).toBe(statement);
  expect(statement?.length).toBeLessThan(2_000);
  expect(statement).toContain('{ "key": "genres", "match": { "value": $genre } }');
  expect(statement).not.toMatch(/own-|it's|1999/);
});

test('a taste that is pasted finds what the page has found', async () => {
  const [viewer, film] = [corner.id(), keys[0]?.id ?? ''];
  await qdrantSink(corner.store, corner.embedder).apply(batchOf([watched(viewer, film)]));
  let [found = []]: Awaited<ReturnType<typeof moviesLikeWatched>> = [];
  const calls = await callsDuring(async () => {
    [found = []] = await moviesLikeWatched(store, [viewer]);
  });
  expect(found).not.toEqual([]);
  const [, , nearest, likeliest] = calls.map(shellTextOf);
  const idsOf = async (pasted = '') => {
    const { result } = await paste(settings.qdrant.url, pasted);
    return (result as { points: { payload: { id: string } }[] }[]).map(({ points }) =>
      points.map(({ payload }) => payload.id),
    );
  };
  expect(await idsOf(nearest)).toEqual([found.map(({ movieId }) => movieId)]);
  expect(await idsOf(likeliest)).toEqual(found.map(() => [film]));
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSettings } from '../../config.ts';
import { joinSources } from '../../fanout/source.ts';
import { callsDuring } from '../../gateway/testing.ts';
import { openRecorder, paste, plainRequest, type Recorder, shellTextOf } from '../../test/http-recorder.ts';
import { copyAfter, findableUpTo, fromTheBeginning } from './copy.ts';
import { movieFacets, relatedMovies } from './queries.ts';
import { batchOf, movie, type OwnIndices, openOwnIndices, post, postDeleted } from './testing.ts';

const settings = readSettings().elasticsearch;
let recorder: Recorder;
let room: OwnIndices;

beforeAll(async () => {
  recorder = await openRecorder(settings.url);
  room = await openOwnIndices({ ...settings, url: recorder.url });
  const films = [
    movie({ movieId: 'm1', title: 'Inception', tags: ['dreams'], genres: ['Sci-Fi'] }),
    movie({ movieId: 'm2', title: 'Paprika', tags: ['dreams'], genres: ['Sci-Fi'] }),
  ];
  await room.sink.apply(batchOf(...films));
});
afterAll(async () => {
  await room?.[Symbol.asyncDispose]();
  await recorder?.[Symbol.asyncDispose]();
});

const related = [
  { id: 'm1', first: 2 },
  { id: `it's "\\ $id`, first: 1 },
];
const facets = [
  { text: null, genres: [], tags: [] },
  { text: 'pap"rika', genres: ['Sci-Fi'], tags: ['dreams', 'o\'x "'] },
];

test('what can be pasted is what is sent, for every call of the room', async () => {
  const index = room.store.definitions.movies.alias;
  const before = recorder.requests.length;
  const calls = await callsDuring(async () => {
    await room.store.ping();
    await room.store.migrate();
    await room.sink.apply(batchOf(movie({ movieId: 'm3' }, 2), post({ postId: 'p1' }), postDeleted('p1', 2)));
    // The same again is stale, and makes what is there findable.
    await room.sink.apply(batchOf(movie({ movieId: 'm3' }, 2)));
    await room.sink.probe();
    await room.sink.verify(joinSources([]));
    await relatedMovies(room.store, related);
    await movieFacets(room.store, facets);
    const [own = ''] = Object.keys(await room.store.call(`GET /${index}`, (client) => client.indices.get({ index })));
    await findableUpTo(room.store, own);
    await copyAfter(room.store, { from: own, to: own }, fromTheBeginning);
  });
  expect(new Set(calls.map(({ statement }) => statement.split(/[ ?\n]/)[0]))).toEqual(new Set(['GET', 'PUT', 'POST']));
  expect(calls.map((call) => plainRequest(shellTextOf(call)))).toEqual(recorder.requests.slice(before));
});

test('a search that is pasted finds what the page has found', async () => {
  const answers: { hits: { hits: { _id: string }[] } }[] = [];
  const calls = await callsDuring(async () => {
    for (const ids of await relatedMovies(room.store, related))
      answers.push({ hits: { hits: ids.map((_id) => ({ _id })) } });
  });
  expect(answers[0]?.hits.hits).toHaveLength(1);
  const pasted = await paste(settings.url, shellTextOf(calls[0] ?? expect.fail()));
  expect(pasted.responses).toMatchObject(answers);
});

test('a statement tells its form, not the values, and is one for any number of keys', async () => {
  const statements = async (keys: typeof related) =>
    (await callsDuring(() => relatedMovies(room.store, keys))).map(({ statement }) => statement);
  const [one = ''] = await statements(related.slice(0, 1));
  expect(await statements(related)).toEqual([one]);
  expect(one.length).toBeLessThan(2_000);
  const [, , search] = one.replaceAll(room.store.definitions.movies.alias, 'movies').split('\n');
  expect(search).toContain('"more_like_this":{"fields":["tags"],"like":{"_index":"movies","_id":$id}');
  const [counted] = await callsDuring(() => movieFacets(room.store, facets));
  expect(counted?.statement).toContain('"must":[{"bool":{"should":[{"combined_fields":{"query":$text');
  expect(`${one}${counted?.statement}`).not.toMatch(/m1|it's|pap|Sci-Fi|dreams/);
});

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { joinSources } from '../../fanout/source.ts';
import type { StreamEventOf } from '../../schema/events/index.ts';
import { batchOf, movie, type OwnIndices, openOwnIndices, post, postDeleted } from './testing.ts';

let room: OwnIndices;

beforeAll(async () => {
  room = await openOwnIndices();
});
afterAll(() => room?.[Symbol.asyncDispose]());

const alias = (kind: 'movies' | 'posts') => room.store.definitions[kind].alias;

/** What is stored of one document. */
const stored = (kind: 'movies' | 'posts', id: string) =>
  room.store.call('GET _doc', async (client, options) => {
    const { _version, _source } = await client.get<object>({ index: alias(kind), id }, options);
    return { ..._source, _version };
  });

/** A source of truth with these movies and posts. */
const sourceOf = (
  movies: StreamEventOf<'movie.changed'>[],
  posts: (StreamEventOf<'post.changed'> | StreamEventOf<'post.deleted'>)[] = [],
) =>
  joinSources([
    {
      async *aggregates() {
        yield movies.map(({ type, subject, version, id }) => ({ type, id: subject, version, eventId: id }));
        yield posts.map(({ type, subject, version, id }) => ({ type, id: subject, version, eventId: id }));
      },
      async *posts() {
        yield posts.map(({ id: eventId, subject: id, version, type, data }) => ({
          ...{ id, version, eventId, isDeleted: type === 'post.deleted', authorId: data.authorId },
          ...{ movieId: null, body: '', tags: [], createdAt: new Date() },
          title: 'title' in data ? data.title : 'what it was called',
        }));
      },
    },
  ]);

test('redelivery in other batches, newest first and old versions long after, ends in the newest state', async () => {
  const [movieId, postId, goneId] = [randomUUID(), randomUUID(), randomUUID()];
  const films = [1, 2, 3].map((version) => movie({ movieId, title: `Cut ${version}` }, version));
  const texts = [1, 4].map((version) => post({ postId, title: `Draft ${version}` }, version));
  const gone = [post({ postId: goneId, title: 'Regret' }, 1), postDeleted(goneId, 2)];
  const all = [...films, ...texts, ...gone];

  await room.sink.apply(batchOf(...all.toReversed()));
  for (const event of all) await room.sink.apply(batchOf(event));
  await room.sink.apply(batchOf(...all));

  expect(await stored('movies', movieId)).toMatchObject({ title: 'Cut 3', version: 3, _version: 3 });
  expect(await stored('posts', postId)).toMatchObject({ title: 'Draft 4', version: 4, _version: 4 });
  expect(await stored('posts', goneId)).toEqual({ id: goneId, version: 2, deleted: true, _version: 2 });
});

test('an index that takes no writes now is an outage, and not the fault of an event', async () => {
  const block = (isBlocked: boolean) =>
    room.store.call('PUT _settings', (client, options) =>
      client.indices.putSettings(
        // As Elasticsearch does when its disk is nearly full.
        { index: alias('movies'), settings: { 'index.blocks.read_only_allow_delete': isBlocked || null } },
        options,
      ),
    );
  const unavailable = { extensions: { code: 'STORE_UNAVAILABLE', store: 'elasticsearch', retryable: true } };
  const [film, text] = [movie({ movieId: randomUUID() }), post({ postId: randomUUID() })];
  await block(true);
  await expect(room.sink.apply(batchOf(film, text))).rejects.toMatchObject(unavailable);
  const whole = room.store.call('PUT _doc', (client, options) =>
    client.index({ index: alias('movies'), id: film.subject, document: {} }, options),
  );
  await expect(whole).rejects.toMatchObject(unavailable);
  await block(false);
  await room.sink.apply(batchOf(film, text));
  expect(await stored('movies', film.subject)).toMatchObject({ version: 1 });
});

test('applied means findable, at its first delivery and at a repeated one', async () => {
  for (let round = 0; round < 5; round++) {
    const event = movie({ movieId: randomUUID() });
    const both = [room.sink.apply(batchOf(event)), room.sink.apply(batchOf(event))];
    await Promise.all(
      both.map(async (applied) => {
        await applied;
        expect(await room.find(alias('movies'), { term: { id: event.subject } })).toEqual([event.subject]);
      }),
    );
  }
});

test('every field arrives', async () => {
  const [film, text] = [
    movie({
      movieId: randomUUID(),
      title: `"\\\n🎬`,
      synopsis: 's',
      genres: ['Drama'],
      tags: ['x'],
      releaseYear: 1999,
    }),
    post({
      postId: randomUUID(),
      movieId: 'm1',
      authorId: 'u9',
      body: 'b',
      tags: ['t'],
      editedAt: '2025-01-01T00:00:00Z',
    }),
  ];
  await room.sink.apply(batchOf(film, text));
  const { movieId, ...movieFields } = film.data;
  expect(await stored('movies', movieId)).toEqual({
    id: movieId,
    ...movieFields,
    version: 1,
    deleted: false,
    _version: 1,
  });
  const { postId, attachments: _, ...postFields } = text.data;
  expect(await stored('posts', postId)).toEqual({ id: postId, ...postFields, version: 1, deleted: false, _version: 1 });
});

test.each([
  ['a year that is no integer of 32 bits', movie({ movieId: 'poison', releaseYear: 3_000_000_000 })],
  ['an id of more than 512 bytes', movie({ movieId: 'x'.repeat(600) })],
])('%s is refused, though the store takes a probe', async (_what, poison) => {
  await expect(room.sink.apply(batchOf(movie({ movieId: 'good' }), poison))).rejects.toThrow();
  await room.sink.probe();
});

test('while an index takes no writes the probe fails, so that no event is blamed', async () => {
  await using own = await openOwnIndices();
  const index = own.store.definitions.posts.alias;
  const block = (value: boolean | null) =>
    own.store.call('PUT _settings', (client) =>
      client.indices.putSettings({ index, settings: { 'index.blocks.write': value } }),
    );
  await block(true);
  await expect(own.sink.apply(batchOf(post({})))).rejects.toThrow('cluster_block_exception');
  await expect(own.sink.probe()).rejects.toThrow('cluster_block_exception');
  await block(null);
  await own.sink.apply(batchOf(post({})));
  await own.sink.probe();
});

test('events that tell nothing to search write nothing', async () => {
  const data = { commentId: 'c', postId: 'p', authorId: 'u', body: '', createdAt: new Date().toISOString() };
  await room.sink.apply(batchOf({ ...post({}), type: 'comment.added', data }));
  await room.sink.apply(batchOf());
});

test('verify names what is missing, extra and stale', async () => {
  await using own = await openOwnIndices();
  const [kept, stale, extra, missing] = ['kept', 'stale', 'extra', 'missing'].map((movieId) => movie({ movieId }, 2));
  const [draft, gone] = [post({ postId: 'draft', title: 'Old' }, 1), postDeleted('gone', 3)];
  if (!kept || !stale || !extra || !missing || !draft || !gone) throw new Error('unreachable');
  await own.sink.apply(batchOf(kept, stale, extra, draft, post({ postId: 'gone' }, 2)));
  expect(await own.sink.verify(sourceOf([kept, stale, extra], [draft, post({ postId: 'gone' }, 2)]))).toEqual([]);

  const newer = movie({ movieId: 'stale' }, 3);
  const renamed = post({ postId: 'draft', title: 'New' }, 1);
  expect(await own.sink.verify(sourceOf([kept, newer, missing], [renamed, gone]))).toEqual([
    { what: 'movie missing', expected: 'present', actual: 'absent' },
    { what: 'movie extra', expected: 'absent', actual: 'present' },
    { what: 'movie stale', expected: 'version 3', actual: 'version 2, "A film"' },
    { what: 'post draft', expected: 'version 1, "New"', actual: 'version 1, "Old"' },
    { what: 'post gone', expected: 'version 3, deleted', actual: 'version 2, "A post"' },
  ]);
  await own.sink.apply(batchOf(gone));
  expect(await own.sink.verify(sourceOf([kept, stale, extra], [draft, gone]))).toEqual([]);
});

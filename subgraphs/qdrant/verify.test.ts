import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { AggregateFact, PostFact, Source, WatchFact } from '../../fanout/sink.ts';
import { joinSources } from '../../fanout/source.ts';
import { qdrantSink } from './sink.ts';
import { batchOf, movieChanged, openCorner, postChanged, postDeleted, watched } from './testing.ts';
import { compare } from './verify.ts';

const movieFact = (id: string, version: number): AggregateFact => ({
  ...{ type: 'movie.changed', id, version, eventId: randomUUID() },
});

const postFact = (id: string, version: number, isDeleted = false): PostFact => ({
  ...{ id, authorId: 'u1', movieId: null, title: '', body: '', tags: [], createdAt: new Date() },
  ...{ isDeleted, version, eventId: randomUUID() },
});

const sourceOf = (movies: AggregateFact[], posts: PostFact[]): Source =>
  joinSources([
    {
      aggregates: async function* () {
        // Another kind of aggregate is none of this store's.
        yield [...movies, { ...movieFact('u1', 1), type: 'user.signed_up' as const }];
      },
      posts: async function* () {
        yield posts;
      },
    },
  ]);

test('names what differs, and nothing that does not', async () => {
  await using corner = await openCorner();
  const [same, old, extra, missing] = [corner.id(), corner.id(), corner.id(), corner.id()];
  const [post, undeleted, deleted, lost] = [corner.id(), corner.id(), corner.id(), corner.id()];
  // Qdrant is shared: whatever other tests write differs from this source.
  const own = async (source: Source) =>
    (await compare(corner.store, source))
      .filter(({ what }) => [same, old, extra, missing, post, undeleted, deleted, lost].some((id) => what.includes(id)))
      .sort((a, b) => a.what.localeCompare(b.what));
  await qdrantSink(corner.store, corner.embedder).apply(
    batchOf([
      movieChanged(same, 2),
      movieChanged(old, 1),
      movieChanged(extra, 1),
      postChanged(post, 1),
      postChanged(undeleted, 1),
      postDeleted(deleted, 2),
    ]),
  );
  const right = sourceOf(
    [movieFact(same, 2), movieFact(old, 1), movieFact(extra, 1)],
    [postFact(post, 1), postFact(undeleted, 1), postFact(deleted, 2, true)],
  );
  expect(await own(right)).toEqual([]);

  const other = sourceOf(
    [movieFact(same, 2), movieFact(old, 3), movieFact(missing, 1)],
    [postFact(post, 1), postFact(undeleted, 2, true), postFact(deleted, 2, true), postFact(lost, 1)],
  );
  expect(await own(other)).toEqual(
    [
      { what: `movie ${old}`, expected: 'version 3', actual: 'version 1' },
      { what: `movie ${extra}`, expected: 'absent', actual: 'version 1' },
      { what: `movie ${missing}`, expected: 'version 1', actual: 'absent' },
      { what: `post ${undeleted}`, expected: 'version 2, deleted', actual: 'version 1' },
      { what: `post ${lost}`, expected: 'version 1', actual: 'absent' },
    ].sort((a, b) => a.what.localeCompare(b.what)),
  );
});

test('names fifty of a kind and counts the rest', async () => {
  await using corner = await openCorner();
  const facts = Array.from({ length: 60 }, () => movieFact(`own-${randomUUID()}`, 1));
  const differences = await qdrantSink(corner.store, corner.embedder).verify(sourceOf(facts, []));
  const missing = differences.filter(({ what, actual }) => what.startsWith('movie ') && actual === 'absent');
  expect(missing).toHaveLength(51);
  expect(missing.at(-1)?.what).toMatch(/ and 9 more like it$/);
});

test('names the viewers of whom other movies are known, or the same ones by other watches', async () => {
  await using corner = await openCorner();
  const [same, other, late, lost, extra] = [corner.id(), corner.id(), corner.id(), corner.id(), corner.id()];
  const at = (second: number) => new Date(Date.UTC(2026, 10, 20, 12, 0, second));
  // Twelve movies, of which ten are kept; one is watched twice.
  const watches = [same, other, late, extra].flatMap((user) =>
    [...Array(12).keys(), 5].map((index, second) => watched(user, `m${index}`, at(second))),
  );
  await qdrantSink(corner.store, corner.embedder).apply(batchOf(watches));

  const facts = watches.map(
    ({ id: eventId, data: { userId, movieId, watchedAt } }): WatchFact => ({
      ...{ eventId, userId, movieId, action: 'PLAY', watchedAt: new Date(watchedAt) },
    }),
  );
  const differing = async (watchesInSource: WatchFact[]) => {
    const watches = async function* () {
      // In chunks, and not in the order of time.
      yield watchesInSource.slice(7);
      yield watchesInSource.slice(0, 7);
    };
    const differences = await compare(corner.store, joinSources([{ watches }]));
    const viewers = new Map([same, other, late, lost, extra].map((id, index) => [`viewer ${id}`, index]));
    return differences.filter(({ what }) => viewers.has(what)).map(({ what, ...rest }) => [viewers.get(what), rest]);
  };
  expect(await differing(facts)).toEqual([]);

  const of = (user: string) => facts.filter(({ userId }) => userId === user);
  const moved = of(late).map((fact, index) => (index === 4 ? { ...fact, watchedAt: at(60) } : fact));
  const [another, first] = [
    { ...of(other)[0], movieId: 'm99', watchedAt: at(61) },
    { ...of(other)[0], userId: lost },
  ];
  const found = await differing([...of(same), ...of(other), another as WatchFact, ...moved, first as WatchFact]);
  expect(found.map(([who]) => who).sort()).toEqual([1, 2, 3, 4]);
  const differenceOf = (who: number) => found.find(([index]) => index === who)?.[1];
  expect(differenceOf(1)).toMatchObject({
    expected: expect.stringMatching(/^m99 by [\w-]+, m5 by /),
    actual: expect.stringMatching(/^m5 by [\w-]+, m11 by /),
  });
  expect(differenceOf(2)).toMatchObject({ expected: expect.stringMatching(/^m4 by /) });
  expect(differenceOf(3)).toMatchObject({ expected: expect.stringMatching(/^m0 by [\w-]+$/), actual: 'absent' });
  expect(differenceOf(4)).toMatchObject({ expected: 'absent', actual: expect.stringMatching(/^m5 by /) });
});

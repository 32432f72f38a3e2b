import { expect, test } from 'vitest';
import { callsDuring } from '../../gateway/testing.ts';
import type { StreamEvent, StreamEventOf } from '../../schema/events/index.ts';
import { createRandom } from '../../seed/generate/random.ts';
import type { ViewerPayload } from './points.ts';
import { qdrantSink } from './sink.ts';
import type { QdrantStore } from './store.ts';
import { batchOf, type OwnCorner, openCorner, watched } from './testing.ts';

const at = (second: number) => new Date(Date.UTC(2026, 10, 20, 12, 0, second));

/** What is kept of a viewer, newest first. */
async function keptOf(corner: OwnCorner, userId: string) {
  const point = await corner.read('viewers', userId);
  return (point?.payload as ViewerPayload | undefined)?.movies ?? [];
}

type Watch = StreamEventOf<'watch.recorded'>;

/** What is to be kept, said in another way: the watches from the newest on, each movie's first. */
function newestTen(watches: readonly Watch[]) {
  const order = ({ id, data }: Watch) => `${data.watchedAt} ${id}`;
  const newestFirst = watches.toSorted((a, b) => (order(a) < order(b) ? 1 : -1));
  const movies = [...new Set(newestFirst.map(({ data }) => data.movieId))].slice(0, 10);
  return movies.map((id) => {
    const newest = newestFirst.find(({ data }) => data.movieId === id) ?? expect.fail();
    return { id, watchedAt: newest.data.watchedAt, eventId: newest.id };
  });
}

test('the last ten movies are kept, each with its newest watch, and no vector', async () => {
  await using corner = await openCorner();
  const user = corner.id();
  const watches = [...Array(12).keys(), 3].map((index, second) => watched(user, `m${index}`, at(second)));
  await qdrantSink(corner.store, corner.embedder).apply(batchOf(watches));
  const point = await corner.read('viewers', user);
  expect(point).toEqual({ vector: {}, payload: { id: user, movies: newestTen(watches), version: 1 } });
  const kept = await keptOf(corner, user);
  expect(kept.map(({ id }) => id)).toEqual(['m3', 'm11', 'm10', 'm9', 'm8', 'm7', 'm6', 'm5', 'm4', 'm2']);
});

test('of two watches at one moment the one with the higher event id is the newer', async () => {
  await using corner = await openCorner();
  const sink = qdrantSink(corner.store, corner.embedder);
  for (const isInOrder of [true, false]) {
    const user = corner.id();
    const [first, second, again] = ['m1', 'm2', 'm1'].map((movie) => watched(user, movie, at(0))) as Watch[];
    const watches = [first, second, again] as Watch[];
    for (const event of isInOrder ? watches : watches.toReversed()) await sink.apply(batchOf([event]));
    expect((await keptOf(corner, user)).map(({ id, eventId }) => [id, eventId])).toEqual([
      ['m1', again?.id],
      ['m2', second?.id],
    ]);
  }
});

test('a watch without milliseconds is as late as it says', async () => {
  await using corner = await openCorner();
  const user = corner.id();
  const [early, late] = [watched(user, 'm1', at(0)), watched(user, 'm2', at(0))];
  early.data.watchedAt = '2026-11-20T12:00:00Z';
  late.data.watchedAt = '2026-11-20T12:00:00.001Z';
  await qdrantSink(corner.store, corner.embedder).apply(batchOf([late, early]));
  expect((await keptOf(corner, user)).map(({ id }) => id)).toEqual(['m2', 'm1']);
});

test('delivered twice, in other batches and any order, the end is the same', async () => {
  await using corner = await openCorner();
  const sink = qdrantSink(corner.store, corner.embedder);
  for (let seed = 1; seed <= 10; seed += 1) {
    const random = createRandom(`viewers ${seed}`);
    const users = Array.from({ length: 5 }, () => corner.id());
    const watches = Array.from({ length: 120 }, () =>
      watched(random.pick(users), `m${random.int(0, 20)}`, at(random.int(0, 40))),
    );
    let rest: StreamEvent[] = [...random.shuffle(watches), ...random.shuffle(watches)];
    while (rest.length > 0) {
      const size = random.int(1, 60);
      await sink.apply(batchOf(rest.slice(0, size)));
      rest = rest.slice(size);
    }
    for (const user of users) {
      const own = watches.filter(({ data }) => data.userId === user);
      expect(await keptOf(corner, user), `seed ${seed}`).toEqual(newestTen(own));
    }
  }
});

test('several that write one viewer at once lose nothing', async () => {
  await using corner = await openCorner();
  const [user, other] = [corner.id(), corner.id()];
  const watches = Array.from({ length: 16 }, (_, index) => [
    watched(user, `m${index}`, at(index % 4)),
    watched(other, `m${15 - index}`, at(index)),
  ]);
  const sinks = Array.from({ length: 4 }, () => qdrantSink(corner.store, corner.embedder));
  await Promise.all(
    sinks.map(async (sink, writer) => {
      for (const batch of watches.filter((_, index) => index % 4 === writer)) await sink.apply(batchOf(batch));
    }),
  );
  for (const id of [user, other]) {
    const own = watches.flat().filter(({ data }) => data.userId === id);
    expect(await keptOf(corner, id)).toEqual(newestTen(own));
  }
});

test('what another writer stores between look and write is not lost', async () => {
  await using corner = await openCorner();
  const user = corner.id();
  const [own, other] = [watched(user, 'm1', at(0)), watched(user, 'm2', at(1))];
  const quicker = qdrantSink(corner.store, corner.embedder);
  let isFirst = true;
  const call: QdrantStore['call'] = async (statement, work) => {
    const { text } = typeof statement === 'string' ? { text: statement } : statement;
    if (text.includes('viewers/points/batch') && isFirst) {
      isFirst = false;
      await quicker.apply(batchOf([other]));
    }
    return await corner.store.call(statement, work);
  };
  await qdrantSink({ ...corner.store, call }, corner.embedder).apply(batchOf([own]));
  expect(await keptOf(corner, user)).toEqual(newestTen([own, other]));
});

test('what is known already is read and not written; what is news is looked at again', async () => {
  await using corner = await openCorner();
  const sink = qdrantSink(corner.store, corner.embedder);
  const users = Array.from({ length: 150 }, () => corner.id());
  const batch = batchOf(users.flatMap((user) => ['m1', 'm2'].map((movie, second) => watched(user, movie, at(second)))));
  const requestsOf = async () =>
    (await callsDuring(() => sink.apply(batch))).map(({ statement }) =>
      statement.split(/[?\n]/)[0]?.split('/').slice(2).join('/'),
    );
  const [look, write] = ['viewers/points', 'viewers/points/batch'];
  expect(await requestsOf()).toEqual([look, write, write, look]);
  expect(await requestsOf()).toEqual([look]);
  const old = batchOf(users.map((user) => watched(user, 'm2', at(0))));
  expect(await callsDuring(() => sink.apply(old))).toHaveLength(1);
});

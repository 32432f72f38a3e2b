import { expect, test } from 'vitest';
import type { Source, WatchFact } from '../../fanout/sink.ts';
import type { StreamEventOf } from '../../schema/events/index.ts';
import { keys } from './keys.ts';
import { seenKey } from './seen.ts';
import { redisSink } from './sink.ts';
import { openCorner } from './testing.ts';
import { compare } from './verify.ts';

const factOf = ({ id, data }: StreamEventOf<'watch.recorded'>): WatchFact => ({
  eventId: id,
  userId: data.userId,
  movieId: data.movieId,
  action: data.action,
  watchedAt: new Date(data.watchedAt),
});

async function* nothing() {}

const sourceOf = (facts: readonly WatchFact[]): Source => ({
  watches: async function* () {
    yield facts.slice(0, 1);
    yield facts.slice(1);
  },
  playbacks: nothing,
  aggregates: nothing,
});

test('names what differs, and nothing that does not', async () => {
  await using corner = openCorner();
  const [right, wrong, extra] = [corner.movie(), corner.movie(), corner.movie()];
  const sink = redisSink(corner.store);
  const plays = [corner.play(right), corner.play(wrong), corner.play(wrong), corner.play(extra)];
  await sink.apply(corner.batch(0, plays));
  const source = sourceOf(plays.slice(0, 3).map(factOf));
  // Redis is shared: whatever other tests count differs from this source.
  const own = async () =>
    (await compare(corner.store, source)).filter(({ what }) =>
      [right, wrong, extra, ...plays.map(({ id }) => id)].some((id) => what.includes(id)),
    );
  expect(await own()).toEqual([
    { what: `views of movie ${extra}`, expected: '0', actual: '1' },
    { what: `leaderboard of movie ${extra}`, expected: '0', actual: '1' },
  ]);

  const [, lost] = plays;
  await corner.store.call('test', (redis) =>
    redis
      .multi()
      .srem(seenKey(lost?.id ?? ''), lost?.id ?? '')
      .decr(keys.views(wrong))
      .exec(),
  );
  expect(await own()).toEqual(
    expect.arrayContaining([
      { what: `play ${lost?.id}`, expected: 'counted', actual: 'not counted' },
      { what: `views of movie ${wrong}`, expected: '2', actual: '1' },
    ]),
  );
});

test('names fifty of a kind and counts the rest', async () => {
  await using corner = openCorner();
  const plays = Array.from({ length: 60 }, () => corner.play(corner.movie()));
  const differences = await redisSink(corner.store).verify(sourceOf(plays.map(factOf)));
  const missing = differences.filter(({ what }) => what.startsWith('play '));
  expect(missing).toHaveLength(51);
  expect(missing.at(-1)?.what).toMatch(/ and 9 more like it$/);
});

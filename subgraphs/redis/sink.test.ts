import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Rewind } from '../../fanout/sink.ts';
import { keys, trendingHalfLifeMs } from './keys.ts';
import { movieCounters, trendingMovies } from './queries.ts';
import { seenKey } from './seen.ts';
import { redisSink } from './sink.ts';
import { daysAgo, openCorner } from './testing.ts';

const rewindTo = (nextOffset: bigint) => expect.objectContaining({ name: 'Error', nextOffset });

test('one PLAY is one view, on the counter and the leaderboard; other actions are none', async () => {
  await using corner = openCorner();
  const [watched, other] = [corner.movie(), corner.movie()];
  const sink = redisSink(corner.store);
  await sink.apply(
    corner.batch(0, [corner.play(watched), corner.play(watched), corner.play(other, { action: 'STOP' })]),
  );
  const [first, second] = await movieCounters(corner.store, [watched, other]);
  expect(first).toEqual({ viewCount: 2, rank: expect.any(Number) });
  expect(second).toEqual({ viewCount: 0, rank: null });
  expect(await corner.store.call('test', (redis) => redis.zscore(keys.leaderboard, watched))).toBe('2');
  const positions = await sink.positions?.('watch_events');
  expect(positions?.get(corner.batch(0, []).partition)).toBe(3n);
});

describe('delivered again', () => {
  test('in other batches, below the position, across it and at new offsets, changes nothing', async () => {
    await using corner = openCorner();
    const movie = corner.movie();
    const sink = redisSink(corner.store);
    const plays = Array.from({ length: 6 }, () => corner.play(movie));
    await sink.apply(corner.batch(0, plays.slice(0, 4)));
    await sink.apply(corner.batch(4, plays.slice(4)));
    const before = await corner.read();

    for (const [from, to] of [
      [0, 6],
      [3, 6],
      [1, 3],
    ] as const) {
      await sink.apply(corner.batch(from, plays.slice(from, to)));
      expect(await corner.read()).toEqual(before);
    }

    await sink.apply(corner.batch(6, plays.toReversed()));
    expect(await corner.views(movie)).toBe(6);
  });

  test('across the position: what is new in the batch counts', async () => {
    await using corner = openCorner();
    const movie = corner.movie();
    const sink = redisSink(corner.store);
    const plays = Array.from({ length: 4 }, () => corner.play(movie));
    await sink.apply(corner.batch(0, plays.slice(0, 2)));
    await sink.apply(corner.batch(1, plays.slice(1)));
    expect(await corner.views(movie)).toBe(4);
  });

  test('so late that its id is forgotten, the offset tells', async () => {
    await using corner = openCorner();
    const movie = corner.movie();
    const plays = Array.from({ length: 3 }, () => corner.play(movie, { recordedAt: daysAgo(20) }));
    await redisSink(corner.store).apply(corner.batch(0, plays));
    for (const { id } of plays) await corner.store.call('test', (redis) => redis.srem(seenKey(id), id));

    const sink = redisSink(corner.store);
    await sink.apply(corner.batch(0, plays));
    expect(await corner.views(movie)).toBe(3);
    const fresh = corner.play(movie);
    await expect(sink.apply(corner.batch(2, [...plays.slice(2), fresh]))).rejects.toThrow(rewindTo(3n));
    await sink.apply(corner.batch(3, [fresh]));
    expect(await corner.views(movie)).toBe(4);
  });

  test('as an old dead letter beside the running sink, it counts once, whenever the position moves', async () => {
    await using corner = openCorner();
    const movie = corner.movie();
    const [sink, redriving] = [redisSink(corner.store), redisSink(corner.store)];
    const dead = corner.play(movie, { recordedAt: daysAgo(20) });
    await sink.apply(corner.batch(0, [corner.play(movie), corner.play(movie)]));
    const alone = (offset: bigint) => ({ ...corner.batch(0, [dead]), firstOffset: offset, nextOffset: offset });
    await expect(redriving.apply(alone(1n))).rejects.toThrow(rewindTo(2n));
    expect(await corner.views(movie)).toBe(2);
    await redriving.apply(alone(2n));
    await redriving.apply(alone(2n));
    expect(await corner.views(movie)).toBe(3);
    await sink.apply(corner.batch(2, [corner.play(movie)]));
    expect(await corner.views(movie)).toBe(4);
  });

  test('from a topic made anew, with offsets that start over, new plays count', async () => {
    await using corner = openCorner();
    const movie = corner.movie();
    const sink = redisSink(corner.store);
    await sink.apply(corner.batch(500, [corner.play(movie)])).catch(() => {});
    await sink.apply(corner.batch(500, [corner.play(movie)]));
    await sink.apply(corner.batch(0, [corner.play(movie)]));
    expect(await corner.views(movie)).toBe(2);
  });
});

describe('Redis lost data under a running sink', () => {
  test('empty: rewinds to the start, and the replay restores the counters', async () => {
    await using corner = openCorner();
    const movie = corner.movie();
    const sink = redisSink(corner.store);
    const plays = Array.from({ length: 5 }, () => corner.play(movie));
    await sink.apply(corner.batch(0, plays.slice(0, 4)));
    const before = await corner.read();
    await corner.restore();

    await expect(sink.apply(corner.batch(4, plays.slice(4)))).rejects.toThrow(rewindTo(0n));
    expect(await corner.views(movie)).toBe(0);
    await sink.apply(corner.batch(0, plays.slice(0, 4)));
    expect(await corner.read()).toEqual(before);
    await sink.apply(corner.batch(4, plays.slice(4)));
    expect(await corner.views(movie)).toBe(5);
  });

  test('an empty batch is enough to notice it', async () => {
    await using corner = openCorner();
    const sink = redisSink(corner.store);
    await sink.apply(corner.batch(0, [corner.play(corner.movie())]));
    await sink.apply(corner.batch(1, []));
    await corner.restore();
    await expect(sink.apply(corner.batch(1, []))).rejects.toThrow(rewindTo(0n));
  });

  test('an older file: rewinds to its position', async () => {
    await using corner = openCorner();
    const movie = corner.movie();
    const sink = redisSink(corner.store);
    const plays = Array.from({ length: 6 }, () => corner.play(movie));
    await sink.apply(corner.batch(0, plays.slice(0, 2)));
    const older = await corner.read();
    await sink.apply(corner.batch(2, plays.slice(2, 5)));
    await corner.restore(older);

    await expect(sink.apply(corner.batch(5, plays.slice(5)))).rejects.toThrow(rewindTo(2n));
    // The runtime may cut the replay as it likes.
    await sink.apply(corner.batch(2, plays.slice(2, 4)));
    await sink.apply(corner.batch(4, plays.slice(4)));
    expect(await corner.views(movie)).toBe(6);
  });

  test('between two starts: a sink that knows nothing does not skip what is missing', async () => {
    await using corner = openCorner();
    const sink = redisSink(corner.store);
    await expect(sink.apply(corner.batch(7, [corner.play(corner.movie())]))).rejects.toThrow(Rewind);
  });

  test('and Kafka has removed the offsets that it wants: it goes on from what there is, after one rewind', async () => {
    await using corner = openCorner();
    const movie = corner.movie();
    const sink = redisSink(corner.store);
    const oldest = corner.batch(7, [corner.play(movie)]);
    await expect(sink.apply(oldest)).rejects.toThrow(rewindTo(0n));
    await sink.apply(oldest);
    expect(await corner.views(movie)).toBe(1);
  });

  test('back to where this sink left it, while another one had gone on: what it remembers is no excuse', async () => {
    await using corner = openCorner();
    const movie = corner.movie();
    const [sink, other] = [redisSink(corner.store), redisSink(corner.store)];
    await sink.apply(corner.batch(0, [corner.play(movie)]));
    const older = await corner.read();
    await other.apply(corner.batch(1, [corner.play(movie), corner.play(movie)]));
    // The partition comes back to this sink, which is to go on from 3; then Redis restarts with its older file.
    await sink.positions?.('watch_events');
    await corner.restore(older);
    await expect(sink.apply(corner.batch(3, [corner.play(movie)]))).rejects.toThrow(rewindTo(1n));
  });

  test('somebody asked for the positions meanwhile: the loss is noticed all the same', async () => {
    await using corner = openCorner();
    const sink = redisSink(corner.store);
    await sink.apply(corner.batch(0, [corner.play(corner.movie())]));
    await corner.restore();
    await sink.positions?.('watch_events');
    await expect(sink.apply(corner.batch(1, []))).rejects.toThrow(rewindTo(0n));
  });
});

test('a gap that the consumer leaves on purpose is no loss', async () => {
  await using corner = openCorner();
  const movie = corner.movie();
  const sink = redisSink(corner.store);
  await sink.apply(corner.batch(0, [corner.play(movie)]));
  await sink.apply(corner.batch(2, [corner.play(movie)]));
  expect(await corner.views(movie)).toBe(2);
});

test('a poisonous event changes nothing at all, and the others apply without it', async () => {
  await using corner = openCorner();
  const [poisoned, movie] = [corner.movie(), corner.movie()];
  const sink = redisSink(corner.store);
  await corner.store.call('test', (redis) => redis.set(keys.views(poisoned), 'many'));
  const plays = [corner.play(movie), corner.play(poisoned)];
  const before = await corner.read();
  await expect(sink.apply(corner.batch(0, plays))).rejects.toMatchObject({ extensions: { code: 'STORE_ERROR' } });
  expect(await corner.read()).toEqual(before);
  await sink.apply(corner.batch(0, plays.slice(0, 1)));
  expect(await corner.views(movie)).toBe(1);
  await sink.probe();
});

describe('trending', () => {
  test('a view is worth half after a day, in whatever order views arrive', async () => {
    await using corner = openCorner();
    const [old, fresh] = [corner.movie(), corner.movie()];
    const sink = redisSink(corner.store);
    await sink.apply(
      corner.batch(0, [
        corner.play(fresh),
        ...Array.from({ length: 3 }, () => corner.play(old, { watchedAt: daysAgo(2) })),
      ]),
    );
    const [all = []] = await trendingMovies(corner.store, [Number.MAX_SAFE_INTEGER]);
    const own = all.filter(({ movieId }) => [old, fresh].includes(movieId));
    expect(own.map(({ movieId }) => movieId)).toEqual([fresh, old]);
    expect(own[0]?.score).toBeCloseTo(1, 3);
    expect(own[1]?.score).toBeCloseTo(0.75, 3);
  });

  test('a clock that runs ahead gives no weight from the future', async () => {
    await using corner = openCorner();
    const movie = corner.movie();
    await redisSink(corner.store).apply(corner.batch(0, [corner.play(movie, { watchedAt: daysAgo(-400) })]));
    const [all = []] = await trendingMovies(corner.store, [Number.MAX_SAFE_INTEGER]);
    expect(all.find(({ movieId }) => movieId === movie)?.score).toBeCloseTo(1, 3);
  });

  test('weights stay in the range of a double for ever: the landmark moves and the order stays', async () => {
    await using corner = openCorner();
    const own = `test:${randomUUID()}:`;
    const [trending, landmark] = [`${own}trending`, `${own}landmark`];
    let offset = 0;
    const play = (movieId: string, halfLives: number) => {
      const head = [`${own}positions`, `${own}leaderboard`, trending, landmark];
      const keys = [...head, `${own}views:${movieId}`, `${own}seen`];
      const args = [0, offset, offset + 1, '?', trendingHalfLifeMs, 512, 60, 0, 8];
      const event = [randomUUID(), movieId, halfLives * trendingHalfLifeMs, '0', 0];
      offset += 1;
      return corner.store.call('test', (redis) => redis.applyPlays(keys.length, ...keys, ...args, ...event));
    };
    for (const [movieId, halfLives] of [
      ['a', 10],
      ['a', 520],
      ['b', 521],
      ['c', 523],
      ['late', 519],
      ['d', 2_000],
      ['e', 2_001],
    ] as const) {
      await play(movieId, halfLives);
    }
    await corner.store.call('test', async (redis) => {
      expect(await redis.zrevrange(trending, 0, 1)).toEqual(['e', 'd']);
      expect(Number(await redis.get(landmark))).toBe(2_000 * trendingHalfLifeMs);
      expect(Number(await redis.zscore(trending, 'e'))).toBe(2);
      for (const score of await Promise.all(['a', 'b', 'c', 'late', 'd'].map((id) => redis.zscore(trending, id)))) {
        expect(Number(score)).toBeLessThanOrEqual(1);
      }
      await redis.del(...(await redis.keys(`${own}*`)));
    });
  });
});

import { describe, expect, test } from 'vitest';
import { Rewind } from '../../fanout/sink.ts';
import { callsDuring } from '../../gateway/testing.ts';
import type { StreamEvent } from '../../schema/events/index.ts';
import { keys } from './keys.ts';
import { postCounters } from './queries.ts';
import { seenKey } from './seen.ts';
import { redisSink } from './sink.ts';
import { daysAgo, type OwnCorner, openCorner, orders } from './testing.ts';

const counted = async (corner: OwnCorner, postId: string) => (await postCounters(corner.store, [postId]))[0];

describe('views of posts', () => {
  test('delivered again in other batches and at new offsets, count once', async () => {
    await using corner = openCorner();
    const post = corner.post();
    const sink = redisSink(corner.store);
    const views = Array.from({ length: 5 }, () => corner.view(post));
    await sink.apply(corner.batch(0, views.slice(0, 3)));
    await sink.apply(corner.batch(3, views.slice(3)));
    const before = await corner.read();
    for (const [from, to] of [
      [0, 5],
      [2, 4],
      [1, 5],
    ] as const) {
      await sink.apply(corner.batch(from, views.slice(from, to)));
      expect(await corner.read()).toEqual(before);
    }
    await sink.apply(corner.batch(5, views.toReversed()));
    expect(await counted(corner, post)).toEqual({ viewCount: 5, likeCount: 0 });
  });

  test('delivered again so late that the id is forgotten: the offset tells', async () => {
    await using corner = openCorner();
    const post = corner.post();
    const sink = redisSink(corner.store);
    const views = Array.from({ length: 3 }, () => corner.view(post, { recordedAt: daysAgo(20) }));
    await sink.apply(corner.batch(0, views));
    for (const { id } of views) await corner.store.call('test', (redis) => redis.srem(seenKey(id), id));
    await sink.apply(corner.batch(0, views));
    expect(await counted(corner, post)).toMatchObject({ viewCount: 3 });
    await expect(sink.apply(corner.batch(2, [...views.slice(2), corner.view(post)]))).rejects.toThrow(Rewind);
    expect(await counted(corner, post)).toMatchObject({ viewCount: 3 });
  });
});

describe('likes of posts', () => {
  test('a like given, taken back and given again ends as the newest version says, in any order and however often', async () => {
    await using corner = openCorner();
    const sink = redisSink(corner.store);
    let offset = 0;
    for (const states of [
      [true, false],
      [true, false, true],
    ]) {
      for (const order of orders(states.map((likes, index) => ({ likes, version: index + 1 })))) {
        const post = corner.post();
        const events = order.map((state) => corner.like(post, 'u1', state));
        for (const batch of [events.slice(0, 1), events.slice(1), events, events.toReversed()]) {
          await sink.apply(corner.batch(offset, batch));
          offset += batch.length;
        }
        expect(await counted(corner, post), JSON.stringify(order)).toEqual({
          viewCount: 0,
          likeCount: states.at(-1) ? 1 : 0,
        });
      }
    }
  });

  test('an old version redriven long after changes nothing, at whatever offset', async () => {
    await using corner = openCorner();
    const post = corner.post();
    const sink = redisSink(corner.store);
    const [old, last] = [true, false].map((likes, index) => corner.like(post, 'u1', { likes, version: index + 1 }));
    await sink.apply(
      corner.batch(0, [old, last, corner.like(post, 'u2', { likes: true, version: 1 })] as StreamEvent[]),
    );
    const before = await corner.read();
    const alone = { ...corner.batch(0, [old as StreamEvent]), firstOffset: 3n, nextOffset: 3n };
    await sink.apply(alone);
    expect(await corner.read()).toEqual(before);
    await sink.apply(corner.batch(0, [old as StreamEvent]));
    expect(await corner.read()).toEqual(before);
    expect(await counted(corner, post)).toEqual({ viewCount: 0, likeCount: 1 });
  });

  test('of movies and tags are not counted, but move the position', async () => {
    await using corner = openCorner();
    const post = corner.post();
    const sink = redisSink(corner.store);
    const like = corner.like(post, 'u1', { likes: true, version: 1 });
    const other = { ...like, data: { ...like.data, kind: 'TAG' as const } };
    await sink.apply(corner.batch(0, [other]));
    expect(await counted(corner, post)).toEqual({ viewCount: 0, likeCount: 0 });
    const { partition } = corner.batch(0, []);
    expect((await sink.positions?.('social_events'))?.get(partition)).toBe(1n);
    expect((await sink.positions?.('post_events'))?.get(partition)).toBeUndefined();
  });
});

test('a deleted post has no counters, whatever comes before, after, late or again', async () => {
  await using corner = openCorner();
  const sink = redisSink(corner.store);
  const offsets = { social_events: 0, post_events: 0 };
  const apply = async (event: StreamEvent) => {
    const topic = event.type === 'like.changed' ? 'social_events' : 'post_events';
    await sink.apply(corner.batch(offsets[topic], [event]));
    offsets[topic] += 1;
  };
  const states: object[] = [];
  for (const order of orders(['view', 'like', 'unlike', 'deletion'] as const)) {
    const post = corner.post();
    const events = {
      view: corner.view(post),
      like: corner.like(post, 'u1', { likes: true, version: 1 }),
      unlike: corner.like(post, 'u1', { likes: false, version: 2 }),
      deletion: corner.deletion(post),
    };
    for (const kind of order) await apply(events[kind]);
    for (const kind of order.toReversed()) await apply(events[kind]);
    states.push({
      counted: await counted(corner, post),
      kept: await corner.store.call('test', (redis) => redis.exists(keys.postViews(post), keys.postLikes(post))),
    });
  }
  expect(states).toEqual(states.map(() => ({ counted: { viewCount: 0, likeCount: 0 }, kept: 0 })));
});

test('Redis lost data: each topic is fed again from its own position, to the same end', async () => {
  await using corner = openCorner();
  const [post, gone] = [corner.post(), corner.post()];
  const sink = redisSink(corner.store);
  const likes = [1, 2, 3].map((version) => corner.like(post, 'u1', { likes: version % 2 === 1, version }));
  const ofPosts = [corner.view(post), corner.view(gone), corner.deletion(gone)];
  await sink.apply(corner.batch(0, likes));
  await sink.apply(corner.batch(0, ofPosts));
  const before = await corner.read();
  await corner.restore();
  for (const topic of ['social_events', 'post_events'] as const) {
    const atTheEnd = corner.batch(3, [], topic);
    await expect(sink.apply(atTheEnd)).rejects.toThrow(expect.objectContaining({ nextOffset: 0n }));
  }
  await sink.apply(corner.batch(0, ofPosts));
  await sink.apply(corner.batch(0, likes));
  expect(await corner.read()).toEqual(before);
  expect(await counted(corner, post)).toEqual({ viewCount: 1, likeCount: 1 });
});

test('a full batch is one call; a poisonous event in it changes nothing at all', async () => {
  await using corner = openCorner();
  const sink = redisSink(corner.store);
  const posts = Array.from({ length: 20 }, () => corner.post());
  const views = Array.from({ length: 500 }, (_, index) => corner.view(posts[index % 20] ?? ''));
  const calls = await callsDuring(() => sink.apply(corner.batch(0, views)));
  expect(calls.map(({ statement }) => statement)).toEqual(['EVALSHA <apply-posts.lua> <numkeys> <key> … <arg> …']);

  const [poisoned, healthy] = [corner.post(), corner.post()];
  await corner.store.call('test', (redis) => redis.set(keys.postLikes(poisoned), 'many'));
  const likes = [healthy, poisoned].map((post) => corner.like(post, 'u1', { likes: true, version: 1 }));
  await expect(sink.apply(corner.batch(0, likes))).rejects.toMatchObject({ extensions: { code: 'STORE_ERROR' } });
  expect(await counted(corner, healthy)).toEqual({ viewCount: 0, likeCount: 0 });
  await sink.apply(corner.batch(0, likes.slice(0, 1)));
  expect(await counted(corner, healthy)).toEqual({ viewCount: 0, likeCount: 1 });

  await corner.store.call('test', (redis) => redis.set(keys.postViews(healthy), 'many'));
  const poison = sink.apply(corner.batch(500, [corner.view(posts[0] ?? ''), corner.view(healthy)]));
  await expect(poison).rejects.toMatchObject({ extensions: { code: 'STORE_ERROR' } });
  expect(await counted(corner, posts[0] ?? '')).toEqual({ viewCount: 25, likeCount: 0 });
});

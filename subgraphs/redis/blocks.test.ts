import { expect, test } from 'vitest';
import type { StreamEvent } from '../../schema/events/index.ts';
import { keys } from './keys.ts';
import { redisSink } from './sink.ts';
import { type OwnCorner, openCorner, orders } from './testing.ts';

const blocked = (corner: OwnCorner, userId: string) =>
  corner.store.call('test', (redis) => redis.zrange(keys.blocks(userId), 1, '+inf', 'BYSCORE'));

test('a block made, taken back and made again ends as the newest version says, in any order and however often', async () => {
  await using corner = openCorner();
  const sink = redisSink(corner.store);
  let offset = 0;
  for (const states of [
    [true, false],
    [true, false, true],
  ]) {
    for (const order of orders(states.map((blocks, index) => ({ blocks, version: index + 1 })))) {
      const user = corner.user();
      const events = order.map((state) => corner.block(user, 'u1', state));
      for (const batch of [events.slice(0, 1), events.slice(1), events, events.toReversed()]) {
        await sink.apply(corner.batch(offset, batch));
        offset += batch.length;
      }
      expect(await blocked(corner, user), JSON.stringify(order)).toEqual(states.at(-1) ? ['u1'] : []);
    }
  }
});

test('blocks and likes come in one batch, each edge with versions of its own', async () => {
  await using corner = openCorner();
  const sink = redisSink(corner.store);
  const [user, other, post] = [corner.user(), corner.user(), corner.post()];
  await sink.apply(
    corner.batch(0, [
      corner.like(post, 'u1', { likes: true, version: 2 }),
      corner.block(user, other, { blocks: true, version: 1 }),
      corner.block(other, user, { blocks: false, version: 7 }),
      corner.like(post, 'u1', { likes: false, version: 1 }),
    ]),
  );
  expect(await blocked(corner, user)).toEqual([other]);
  expect(await blocked(corner, other)).toEqual([]);
  expect(await corner.store.call('test', (redis) => redis.zscore(keys.postLikes(post), 'u1'))).toBe('2');
});

test('Redis lost data: blocks are fed again from the position, to the same end', async () => {
  await using corner = openCorner();
  const sink = redisSink(corner.store);
  const user = corner.user();
  const events: StreamEvent[] = [
    corner.block(user, 'u1', { blocks: true, version: 1 }),
    corner.block(user, 'u2', { blocks: true, version: 1 }),
    corner.block(user, 'u1', { blocks: false, version: 2 }),
  ];
  await sink.apply(corner.batch(0, events.slice(0, 1)));
  const older = await corner.read();
  await sink.apply(corner.batch(1, events.slice(1)));
  const before = await corner.read();
  expect(await blocked(corner, user)).toEqual(['u2']);

  await corner.restore(older);
  const atTheEnd = corner.batch(3, [], 'social_events');
  await expect(sink.apply(atTheEnd)).rejects.toThrow(expect.objectContaining({ nextOffset: 1n }));
  await sink.apply(corner.batch(1, events.slice(1)));
  expect(await corner.read()).toEqual(before);

  await corner.restore();
  await expect(sink.apply(atTheEnd)).rejects.toThrow(expect.objectContaining({ nextOffset: 0n }));
  await sink.apply(corner.batch(0, events));
  expect(await corner.read()).toEqual(before);
});

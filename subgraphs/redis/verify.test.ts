import { expect, test } from 'vitest';
import type { BlockFact, LikeFact, PostFact, WatchFact } from '../../fanout/sink.ts';
import { joinSources } from '../../fanout/source.ts';
import type { StreamEventOf } from '../../schema/events/index.ts';
import { dayOf } from './days.ts';
import { keys } from './keys.ts';
import { leaderboardsOf } from './leaderboards.ts';
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

async function* inTwoChunks<T>(facts: readonly T[]) {
  yield facts.slice(0, 1);
  yield facts.slice(1);
}

const sourceOf = (facts: readonly WatchFact[]) => joinSources([{ watches: () => inTwoChunks(facts) }]);

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
  const leaderboards = leaderboardsOf(dayOf(Date.now())).map(({ key }) => key);
  expect(await own()).toEqual(
    ['views', 'leaderboard', ...leaderboards].map((kind) => ({
      ...{ what: `${kind} of movie ${extra}`, expected: '0', actual: '1' },
    })),
  );

  const [, lost] = plays;
  await corner.store.call('test', (redis) =>
    redis
      .multi()
      .srem(seenKey(lost?.id ?? ''), lost?.id ?? '')
      .decr(keys.views(wrong))
      .zincrby(leaderboards.at(-1) ?? '', 3, right)
      .exec(),
  );
  expect(await own()).toEqual(
    expect.arrayContaining([
      { what: `play ${lost?.id}`, expected: 'counted', actual: 'not counted' },
      { what: `views of movie ${wrong}`, expected: '2', actual: '1' },
      { what: `${leaderboards.at(-1)} of movie ${right}`, expected: '1', actual: '4' },
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

test('names the posts, views and likes that differ, and nothing that does not', async () => {
  await using corner = openCorner();
  const [right, wrong, extra, gone] = [corner.post(), corner.post(), corner.post(), corner.post()];
  const views = [right, wrong, wrong, gone].map((id) => corner.view(id));
  const extraView = corner.view(extra);
  const likes = [
    corner.like(right, 'u1', { likes: true, version: 1 }),
    corner.like(right, 'u2', { likes: false, version: 2 }),
    corner.like(wrong, 'u1', { likes: true, version: 3 }),
    corner.like(gone, 'u1', { likes: true, version: 1 }),
  ];
  const sink = redisSink(corner.store);
  await sink.apply(corner.batch(0, likes));
  await sink.apply(corner.batch(0, [...views, extraView, corner.deletion(gone)]));
  const likeFact = ({ id, version, data }: StreamEventOf<'like.changed'>): LikeFact => ({
    ...{ ...data, changedAt: new Date(data.changedAt), version, eventId: id },
  });
  const postFact = (id: string, isDeleted = false): PostFact => ({
    ...{ id, authorId: 'u1', movieId: null, title: '', body: '', tags: [], createdAt: new Date(), isDeleted },
    ...{ version: 1, eventId: '' },
  });
  const source = joinSources([
    {
      likes: () => inTwoChunks([...likes.map(likeFact), { ...likeFact(likes[0] as (typeof likes)[0]), kind: 'TAG' }]),
      // Kafka may hold a view twice.
      postViews: () => inTwoChunks([...views, ...views]),
      posts: () => inTwoChunks([postFact(right), postFact(wrong), postFact(gone, true)]),
    },
  ]);
  const own = async () =>
    (await compare(corner.store, source)).filter(({ what }) =>
      [right, wrong, extra, gone, ...views.map(({ id }) => id)].some((id) => what.includes(id)),
    );
  expect(await own()).toEqual([{ what: `views of post ${extra}`, expected: '0', actual: '1' }]);

  const lost = views[1]?.id ?? '';
  await corner.store.call('test', (redis) =>
    redis
      .multi()
      .srem(seenKey(lost), lost)
      .decr(keys.postViews(wrong))
      .zadd(keys.postLikes(wrong), -2, 'u1')
      .zadd(keys.postLikes(extra), 1, 'u7')
      .zrem(keys.postLikes(right), 'u2')
      .zadd(keys.postLikes(gone), 1, 'u1')
      .srem(keys.deletedPosts, gone)
      .sadd(keys.deletedPosts, right)
      .exec(),
  );
  const differences = await own();
  expect(differences).toHaveLength(10);
  expect(differences).toEqual(
    expect.arrayContaining([
      { what: `post ${right}`, expected: 'not deleted', actual: 'deleted' },
      { what: `post ${gone}`, expected: 'deleted', actual: 'not deleted' },
      { what: `view ${lost}`, expected: 'counted', actual: 'not counted' },
      { what: `views of post ${wrong}`, expected: '2', actual: '1' },
      { what: `views of post ${extra}`, expected: '0', actual: '1' },
      {
        what: `like of post ${wrong} by user u1`,
        expected: 'given in version 3',
        actual: 'taken back in version 2',
      },
      { what: `like of post ${right} by user u2`, expected: 'taken back in version 2', actual: 'absent' },
      { what: `likes of post ${wrong}`, expected: '1', actual: '0' },
      { what: `likes of post ${extra}`, expected: '0', actual: '1' },
      { what: `likes of post ${gone}`, expected: '0', actual: '1' },
    ]),
  );
});

test('names the blocks that differ, and nothing that does not', async () => {
  await using corner = openCorner();
  const [right, wrong, extra] = [corner.user(), corner.user(), corner.user()];
  const blocks = [
    corner.block(right, 'u1', { blocks: true, version: 1 }),
    corner.block(right, 'u2', { blocks: false, version: 2 }),
    corner.block(wrong, 'u1', { blocks: true, version: 3 }),
  ];
  await redisSink(corner.store).apply(corner.batch(0, blocks));
  const fact = ({ id, version, data }: StreamEventOf<'block.changed'>): BlockFact => ({
    ...{ ...data, changedAt: new Date(data.changedAt), version, eventId: id },
  });
  const source = joinSources([{ blocks: () => inTwoChunks(blocks.map(fact)) }]);
  const own = async () =>
    (await compare(corner.store, source)).filter(({ what }) => [right, wrong, extra].some((id) => what.includes(id)));
  expect(await own()).toEqual([]);

  await corner.store.call('test', (redis) =>
    redis
      .multi()
      .zrem(keys.blocks(right), 'u2')
      .zadd(keys.blocks(wrong), -2, 'u1')
      .zadd(keys.blocks(extra), 1, 'u9')
      .exec(),
  );
  const differences = await own();
  expect(differences).toHaveLength(4);
  expect(differences).toEqual(
    expect.arrayContaining([
      { what: `block of user u2 by user ${right}`, expected: 'taken back in version 2', actual: 'absent' },
      { what: `block of user u1 by user ${wrong}`, expected: 'given in version 3', actual: 'taken back in version 2' },
      { what: `blocks of user ${wrong}`, expected: '1', actual: '0' },
      { what: `blocks of user ${extra}`, expected: '0', actual: '1' },
    ]),
  );
});

import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LikeFact, PostFact } from '../../fanout/sink.ts';
import { joinSources } from '../../fanout/source.ts';
import type { StreamEvent } from '../../schema/events/index.ts';
import { batchOf, eventOf, minutesAgo, openOwnDatabase, written } from './testing.ts';
import { compareTrending } from './verify-trending.ts';

let room: Awaited<ReturnType<typeof openOwnDatabase>>;
beforeEach(async () => {
  room = await openOwnDatabase();
});
afterEach(() => room?.[Symbol.asyncDispose]());

const apply = async (events: readonly StreamEvent[]) => room.open.sink?.apply(batchOf(events));

const postFact = (id: string, authorId: string, isDeleted = false): PostFact => ({
  ...{ id, authorId, movieId: null, title: '', body: '', tags: [], createdAt: new Date(), isDeleted },
  ...{ version: 1, eventId: randomUUID() },
});

interface Like {
  targetId: string;
  userId: string;
  version: number;
  changedAt: string;
}

/** Odd versions give it, even ones take it back. */
const likeEvent = ({ version, ...like }: Like) =>
  eventOf('like.changed', { kind: 'POST', ...like, likes: version % 2 === 1 }, version);

const likeFact = ({ changedAt, ...like }: Like, kind: LikeFact['kind'] = 'POST'): LikeFact => ({
  ...{ ...like, kind, likes: like.version % 2 === 1, changedAt: new Date(changedAt), eventId: randomUUID() },
});

test('names the posts, likes and counts that differ, and nothing that does not', async () => {
  const changedAt = minutesAgo(60);
  const [given, takenBack, old] = [
    { targetId: 'p1', userId: 'u1', version: 3, changedAt },
    { targetId: 'p1', userId: 'u2', version: 2, changedAt },
    { targetId: 'p1', userId: 'u3', version: 1, changedAt: minutesAgo(20 * 24 * 60) },
  ];
  const viewed = eventOf('post.viewed', { postId: 'p1', userId: 'u1', viewedAt: changedAt });
  const deleted = eventOf('post.deleted', { postId: 'p2', authorId: 'a2', movieId: null, deletedAt: changedAt });
  const older = [given, takenBack].map((like) => likeEvent({ ...like, version: 1, changedAt: minutesAgo(61) }));
  await apply([written('p1', 'a1'), written('p2', 'a2'), deleted, viewed, ...older]);
  await apply([...older, likeEvent(given), likeEvent(takenBack), likeEvent(old), written('p2', 'a2')]);

  const facts = {
    posts: [postFact('p1', 'a1'), postFact('p2', 'a2', true)],
    likes: [likeFact(given), likeFact(takenBack), likeFact(old), likeFact(given, 'MOVIE')],
  };
  const source = joinSources([
    {
      async *posts() {
        yield facts.posts;
      },
      async *likes() {
        for (const like of facts.likes) yield [like];
      },
    },
  ]);
  const differences = () => compareTrending(room.store, source);
  expect(await differences()).toEqual([]);

  facts.posts = [postFact('p1', 'a1', true), postFact('p3', 'a3')];
  facts.likes = [likeFact({ ...given, version: 4 }), likeFact({ ...given, userId: 'u4' })];
  const found = await differences();
  expect(found).toHaveLength(6);
  expect(found).toEqual(
    expect.arrayContaining([
      { what: 'post p1', expected: 'deleted, of user a1', actual: 'of user a1' },
      { what: 'post p2', expected: 'absent', actual: 'deleted, of user a2' },
      { what: 'post p3', expected: 'of user a3', actual: 'absent' },
      {
        what: 'like of post p1 by user u1',
        expected: `taken back in version 4 at ${changedAt}`,
        actual: `given in version 3 at ${changedAt}`,
      },
      { what: 'like of post p1 by user u2', expected: 'absent', actual: `taken back in version 2 at ${changedAt}` },
      { what: 'like of post p1 by user u4', expected: `given in version 3 at ${changedAt}`, actual: 'absent' },
    ]),
  );

  await room.command('TRUNCATE TABLE post_trend_per_hour');
  expect(await differences()).toContainEqual({
    what: 'VIEW count of post p1 in post_trend_per_hour',
    expected: '1',
    actual: '0',
  });
});

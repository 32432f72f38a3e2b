import { expect, test } from 'vitest';
import type { CommentFact, FollowFact, LikeFact, PlaybackFact, PostFact, Source } from '../../fanout/sink.ts';
import { joinSources } from '../../fanout/source.ts';
import { cassandraSink } from './sink.ts';
import { batchOf, eventOf, minutesAgo, openCorner, type WatchRecorded, watchesOf } from './testing.ts';
import { compare } from './verify.ts';

/** The source of truth after these events. */
function sourceOf(events: readonly WatchRecorded[]): Source {
  const playbacks = new Map<string, PlaybackFact>();
  for (const { subject, data } of events) {
    const { userId, movieId, playback } = data;
    const lastWatchedAt = new Date(playback.lastWatchedAt);
    playbacks.set(subject, { ...playback, userId, movieId, lastWatchedAt });
  }
  return joinSources([
    {
      async *watches() {
        yield events.map(({ id, data }) => ({ ...data, eventId: id, watchedAt: new Date(data.watchedAt) }));
      },
      async *playbacks() {
        yield [...playbacks.values()];
      },
    },
  ]);
}

test('names what differs, and nothing that does not', async () => {
  await using corner = await openCorner();
  const { store } = corner;
  const user = corner.user();
  const sink = cassandraSink(store);
  const [first, second, third, lost, extra] = watchesOf(user, [
    { movieId: 'm1', watchedAt: minutesAgo(9) },
    { movieId: 'm1', watchedAt: minutesAgo(8) },
    { movieId: 'm2', watchedAt: minutesAgo(7), completed: true },
    { movieId: 'm3', watchedAt: minutesAgo(6) },
    { movieId: 'm4', watchedAt: minutesAgo(5) },
  ]) as [WatchRecorded, WatchRecorded, WatchRecorded, WatchRecorded, WatchRecorded];
  // Cassandra is shared: whatever other tests write differs from this source.
  const own = async (source: Source) => (await compare(store, source)).filter(({ what }) => what.includes(user));
  await sink.apply(batchOf([first, second, third]));
  expect(await own(sourceOf([first, second, third]))).toEqual([]);

  await sink.apply(batchOf([extra]));
  const place = (event: WatchRecorded) => `60 s at ${event.data.playback.lastWatchedAt}`;
  expect(await own(sourceOf([first, second, third, lost]))).toEqual([
    { what: `activity ${extra.id} of user ${user}`, expected: 'absent', actual: 'present' },
    { what: `activity ${lost.id} of user ${user}`, expected: 'present', actual: 'absent' },
    { what: `continuing movie m3 of user ${user}`, expected: place(lost), actual: 'absent' },
    { what: `continuing movie m4 of user ${user}`, expected: 'absent', actual: place(extra) },
  ]);

  // A movie that stands in two places.
  await store.write([
    {
      query: `INSERT INTO ${store.keyspace}.continue_watching_by_user
  (user_id, last_watched_at, movie_id, position_seconds) VALUES (?, ?, 'm1', 60)`,
      params: [user, Date.parse(first.data.watchedAt)],
    },
  ]);
  expect(await own(sourceOf([first, second, third, extra]))).toEqual([
    {
      what: `continuing movie m1 of user ${user}`,
      expected: place(second),
      actual: `${place(second)} and ${place(first)}`,
    },
  ]);
});

test('names fifty of a kind and counts the rest', async () => {
  await using corner = await openCorner();
  const deeds = Array.from({ length: 60 }, (_, index) => ({ movieId: `m${index}`, watchedAt: minutesAgo(index) }));
  const differences = await cassandraSink(corner.store).verify(sourceOf(watchesOf(corner.user(), deeds)));
  const missing = differences.filter(({ what, actual }) => what.startsWith('activity ') && actual === 'absent');
  expect(missing).toHaveLength(51);
  expect(missing.at(-1)?.what).toMatch(/ and 9 more like it$/);
});

test('names what users did beyond watching that differs, and nothing that does not', async () => {
  await using corner = await openCorner();
  const { store } = corner;
  const user = corner.user();
  const times = Array.from({ length: 9 }, (_, index) => minutesAgo(20 - index));
  const at = (index: number) => times[index]?.toISOString() ?? '';
  const dayMs = 24 * 3_600_000;
  const old = new Date(Date.now() - 500 * dayMs);

  const edge = { followerId: user, followeeId: 'u2' };
  const followed = eventOf('follow.changed', { ...edge, follows: true, changedAt: at(0) });
  const unfollowed = eventOf('follow.changed', { ...edge, follows: false, changedAt: at(1) }, 2);
  const strange = eventOf('follow.changed', { ...edge, followeeId: 'u-unheard-of', follows: true, changedAt: at(2) });
  const target = { userId: user, kind: 'TAG' as const, targetId: 'noir' };
  const liked = eventOf('like.changed', { ...target, likes: true, changedAt: at(3) });
  const likedLongAgo = eventOf('like.changed', {
    ...target,
    targetId: 'silent',
    likes: true,
    changedAt: old.toISOString(),
  });
  const text = { title: 'Title', body: 'Body', attachments: [], tags: [], movieId: 'm1', authorId: user };
  const posted = eventOf('post.changed', { ...text, postId: 'p1', createdAt: at(4), editedAt: null });
  const edited = eventOf('post.changed', { ...text, postId: 'p1', createdAt: at(4), editedAt: at(5) }, 2);
  const deleted = eventOf('post.deleted', { ...text, postId: 'p2', deletedAt: at(6) }, 3);
  const commented = eventOf('comment.added', {
    commentId: 'c1',
    postId: 'p1',
    authorId: user,
    body: '',
    createdAt: at(7),
  });
  const onDeleted = eventOf('comment.added', {
    commentId: 'c2',
    postId: 'p2',
    authorId: user,
    body: '',
    createdAt: at(8),
  });

  const changed = (index: number) => ({ changedAt: times[index] ?? new Date(), version: 1 });
  const follows: FollowFact[] = [{ ...edge, follows: false, ...changed(1), eventId: unfollowed.id }];
  const likes: LikeFact[] = [
    { ...target, likes: true, ...changed(3), eventId: liked.id },
    { ...target, targetId: 'silent', likes: true, changedAt: old, version: 1, eventId: likedLongAgo.id },
  ];
  const post = {
    authorId: user,
    movieId: 'm1',
    title: 'Title',
    body: 'Body',
    tags: [],
    createdAt: times[4] ?? new Date(),
  };
  const posts: PostFact[] = [
    { ...post, id: 'p1', isDeleted: false, version: 2, eventId: edited.id },
    { ...post, id: 'p2', isDeleted: true, version: 3, eventId: deleted.id },
  ];
  const comments: CommentFact[] = [
    { id: 'c1', postId: 'p1', authorId: user, createdAt: times[7] ?? new Date(), eventId: commented.id },
  ];
  const source = (facts: { likes?: LikeFact[] } = {}) =>
    joinSources([
      {
        follows: async function* () {
          yield follows;
        },
        likes: async function* () {
          yield facts.likes ?? likes;
        },
        posts: async function* () {
          yield posts;
        },
        comments: async function* () {
          yield comments;
        },
      },
    ]);
  const events = [followed, unfollowed, liked, likedLongAgo, posted, edited, deleted, commented, onDeleted];
  const own = async (against: Source) =>
    (await compare(store, against)).filter(({ what }) => [...events, strange].some(({ id }) => what.includes(id)));

  const sink = cassandraSink(store);
  const [lost, ...others] = [unfollowed, ...events.filter((event) => event !== unfollowed)];
  await sink.apply(batchOf(others));
  const what = `social activity ${lost?.id}`;
  expect(await own(source())).toEqual([
    { what, expected: `user ${user} UNFOLLOWED user u2 at ${at(1)}`, actual: 'absent' },
  ]);
  await sink.apply(batchOf(events));
  expect(await own(source())).toEqual([]);

  await sink.apply(batchOf([strange]));
  const takenBack = likes.map((fact) => ({ ...fact, likes: false }));
  expect(await own(source({ likes: takenBack }))).toEqual(
    expect.arrayContaining([
      {
        what: `social activity ${strange.id}`,
        expected: 'absent',
        actual: `user ${user} FOLLOWED user u-unheard-of at ${at(2)}`,
      },
      {
        what: `social activity ${liked.id}`,
        expected: `user ${user} UNLIKED tag noir at ${at(3)}`,
        actual: `user ${user} LIKED tag noir at ${at(3)}`,
      },
    ]),
  );
  expect(await own(source({ likes: takenBack }))).toHaveLength(2);
  const withoutDeletion = posts.map((fact) => ({ ...fact, isDeleted: false }));
  posts.splice(0, posts.length, ...withoutDeletion);
  expect((await own(source())).map((difference) => difference.what).toSorted()).toEqual(
    [strange.id, deleted.id, onDeleted.id].map((id) => `social activity ${id}`).toSorted(),
  );
});

test('that a follow was ended by a block is kept from the one whose follow it was, and is not missed', async () => {
  await using corner = await openCorner();
  const { store } = corner;
  const [follower, blocker] = [corner.user(), corner.user()];
  const edge = { followerId: follower, followeeId: blocker, changedAt: minutesAgo(1).toISOString() };
  const begun = { ...eventOf('follow.changed', { ...edge, follows: true }), actor: follower };
  const ended = { ...eventOf('follow.changed', { ...edge, follows: false, endedBy: blocker }, 2), actor: follower };
  await cassandraSink(store).apply(batchOf([begun, ended]));
  expect((await corner.read(follower)).social).toMatchObject([{ kind: 'FOLLOWED' }]);

  const changed = { changedAt: new Date(edge.changedAt), version: 2, eventId: ended.id };
  const own = async (blocks: boolean[]) => {
    const source = joinSources([
      {
        async *follows() {
          yield [{ ...edge, ...changed, follows: false }];
        },
        async *blocks() {
          yield blocks.map((blocks) => ({ ...changed, blockerId: blocker, blockedId: follower, blocks }));
        },
      },
    ]);
    return (await compare(store, source)).filter(({ what }) => [begun, ended].some(({ id }) => what.includes(id)));
  };
  expect(await own([true])).toEqual([]);
  expect(await own([false])).toEqual([]);
  // Nobody has blocked anybody: then it is.
  expect(await own([])).toHaveLength(1);
});

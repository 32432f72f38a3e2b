import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CommentFact, LikeFact, PostFact } from '../../fanout/sink.ts';
import { joinSources } from '../../fanout/source.ts';
import { callsDuring } from '../../gateway/testing.ts';
import type { StreamEvent, StreamEventOf } from '../../schema/events/index.ts';
import { batchOf, eventOf, minutesAgo, openOwnDatabase } from './testing.ts';

let room: Awaited<ReturnType<typeof openOwnDatabase>>;

beforeAll(async () => {
  room = await openOwnDatabase();
});
afterAll(() => room?.[Symbol.asyncDispose]());

const apply = async (events: readonly StreamEvent[]) => room.open.sink?.apply(batchOf(events));

const view = (postId: string, viewedAt = minutesAgo(1)) => eventOf('post.viewed', { postId, userId: 'u1', viewedAt });
const comment = (postId: string, createdAt = minutesAgo(1)) =>
  eventOf('comment.added', { commentId: randomUUID(), postId, authorId: 'u2', body: 'Body', createdAt });
const like = (targetId: string, changed: Partial<StreamEventOf<'like.changed'>['data']> = {}, version = 1) =>
  eventOf(
    'like.changed',
    { ...{ userId: 'u3', kind: 'POST', targetId, likes: true, changedAt: minutesAgo(1) }, ...changed },
    version,
  );

interface Hour {
  hour: string;
  views: number;
  likes: number;
  comments: number;
}

const entities = `query ($posts: [_Any!]!, $last: Int! = 24) {
  _entities(representations: $posts) { ... on Post { engagementPerHour(last: $last) { hour views likes comments } } }
}`;

async function engagementOf(postIds: readonly string[], last = 24): Promise<Hour[][]> {
  const posts = postIds.map((id) => ({ __typename: 'Post', id }));
  const { data, errors } = await room.execute(entities, { variables: { posts, last } });
  expect(errors).toBeUndefined();
  return JSON.parse(JSON.stringify(data))._entities.map(
    (post: { engagementPerHour: Hour[] }) => post.engagementPerHour,
  );
}

const sumOf = (hours: readonly Hour[] = []) =>
  (['views', 'likes', 'comments'] as const).map((kind) => hours.reduce((sum, hour) => sum + hour[kind], 0));

test('counts acts by hour, each event once, however often and in whatever order it comes', async () => {
  const post = 'counted';
  const events = [
    ...Array.from({ length: 5 }, () => view(post)),
    ...Array.from({ length: 2 }, () => view(post, minutesAgo(26 * 60))),
    comment(post),
    like(post),
    like(post, { userId: 'u4' }),
    // Taken back and given again: two likes given.
    like(post, { userId: 'u4', likes: false }),
    like(post, { userId: 'u4' }),
    like(post, { kind: 'MOVIE' }),
  ];
  await apply(events.toReversed());
  for (const batch of [events.slice(0, 7), events.slice(3), events, [events[8] as StreamEvent]]) await apply(batch);
  const [day] = await engagementOf([post]);
  expect(day).toHaveLength(24);
  expect(sumOf(day)).toEqual([5, 3, 1]);
  expect(sumOf((await engagementOf([post], 48))[0])).toEqual([7, 3, 1]);
  // And so once ClickHouse has merged, which may be at any time.
  for (const table of ['post_engagement_events', 'post_engagement_per_hour']) {
    await room.command(`OPTIMIZE TABLE ${table} FINAL`);
  }
  expect(sumOf((await engagementOf([post], 48))[0])).toEqual([7, 3, 1]);
  const starts = day?.map(({ hour }) => Date.parse(hour)) ?? [];
  expect(starts).toEqual(starts.map((_, index) => (starts[0] as number) + index * 3_600_000));
  expect(Date.now() - (starts.at(-1) as number)).toBeLessThan(3_660_000);
});

test('asks once for 50 posts; wrong arguments are refused', async () => {
  const ids = Array.from({ length: 50 }, (_, index) => `p${index}`);
  const calls = await callsDuring(async () => {
    expect((await engagementOf(ids)).map((hours) => sumOf(hours))).toEqual(ids.map(() => [0, 0, 0]));
  });
  expect(calls.map(({ statement }) => /FROM (\w+)/.exec(statement)?.[1])).toEqual(['post_engagement_per_hour']);
  for (const last of [0, 169]) {
    const { errors } = await room.execute(entities, { variables: { posts: [{ __typename: 'Post', id: 'p1' }], last } });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument: ['last'] });
  }
});

test('a batch of many years is one INSERT of what is not yet too old', async () => {
  const post = 'imported';
  const years = Array.from({ length: 23 * 12 }, (_, month) =>
    view(post, new Date(Date.UTC(1996, month)).toISOString()),
  );
  const kept = view(post, minutesAgo(399 * 24 * 60));
  expect(await callsDuring(() => apply([...years, kept]))).toHaveLength(1);
  const rows = await room.store.select('SELECT event_id FROM post_engagement_events WHERE post_id = {post:String}', {
    post,
  });
  expect(rows).toEqual([{ event_id: kept.id }]);
  expect(await callsDuring(() => apply(years))).toEqual([]);
});

test('verify names what is missing, what nobody knows, and what tells otherwise', async () => {
  await using own = await openOwnDatabase();
  const [views, comments] = [Array.from({ length: 3 }, () => view('p1')), [comment('p1'), comment('p1')]];
  const [takenBack, taking] = [like('p1'), like('p1', { likes: false }, 2)];
  const [older, newest] = [like('p1', { userId: 'u9' }), like('p1', { userId: 'u9' }, 3)];
  const ofDeleted = comment('deleted');
  const longAgo = view('p1', new Date(Date.UTC(2001, 1)).toISOString());
  const deletion = eventOf('post.deleted', {
    ...{ postId: 'deleted', authorId: 'u1', movieId: null, deletedAt: minutesAgo(1) },
  });
  const events = [...views, ...comments, takenBack, taking, older, newest, ofDeleted, longAgo, deletion];
  const sink = own.open.sink;
  await sink?.apply(batchOf(events));

  const likeFact = ({ id: eventId, version, data }: typeof newest, likes: boolean): LikeFact => ({
    ...{ ...data, changedAt: new Date(data.changedAt), likes, version, eventId },
  });
  const commentFact = ({ id: eventId, data }: (typeof comments)[number]): CommentFact => ({
    ...{
      id: data.commentId,
      postId: data.postId,
      authorId: data.authorId,
      createdAt: new Date(data.createdAt),
      eventId,
    },
  });
  const deleted: PostFact = {
    ...{ id: 'deleted', authorId: 'u1', movieId: null, title: '', body: '', tags: [], createdAt: new Date() },
    ...{ isDeleted: true, version: 2, eventId: randomUUID() },
  };
  const facts = {
    likes: [likeFact(taking, false), likeFact(newest, true)],
    comments: comments.map(commentFact),
    views: [...views, longAgo, ...views],
    posts: [deleted],
  };
  const verified = () =>
    sink?.verify(
      joinSources([
        {
          likes: async function* () {
            yield facts.likes.slice(0, 1);
            yield facts.likes.slice(1);
          },
          comments: async function* () {
            yield facts.comments;
          },
          postViews: async function* () {
            yield facts.views;
          },
          posts: async function* () {
            yield facts.posts;
          },
        },
      ]),
    );
  expect(await verified()).toEqual([]);

  const lost = view('p1');
  facts.views = [...views.slice(1), lost];
  facts.posts = [];
  facts.likes = [likeFact({ ...newest, data: { ...newest.data, targetId: 'p2' } }, true)];
  const nameOf = ({ id }: StreamEvent) => `engagement event ${id}`;
  const what = [lost, views[0], takenBack, older, ofDeleted, newest].map((event) => nameOf(event as StreamEvent));
  const all = (await verified()) ?? [];
  expect(all).toContainEqual({ what: 'post deleted', expected: 'absent', actual: 'deleted, of user u1' });
  const differences = all.filter(({ what }) => what.startsWith('engagement event '));
  expect(differences.map((difference) => difference.what).toSorted()).toEqual(what.toSorted());
  expect(differences).toEqual(
    expect.arrayContaining([
      { what: nameOf(lost), expected: `VIEW of post p1 by user u1 at ${lost.data.viewedAt}`, actual: 'absent' },
      {
        what: nameOf(takenBack),
        expected: 'absent',
        actual: `LIKE of post p1 by user u3 at ${takenBack.data.changedAt}`,
      },
      {
        what: nameOf(newest),
        expected: `LIKE of post p2 by user u9 at ${newest.data.changedAt}`,
        actual: `LIKE of post p1 by user u9 at ${newest.data.changedAt}`,
      },
    ]),
  );

  await own.command("ALTER TABLE post_engagement_per_hour DELETE WHERE kind = 'COMMENT' SETTINGS mutations_sync = 1");
  expect(await verified()).toEqual(
    expect.arrayContaining([
      { what: 'COMMENT count of post p1 in post_engagement_per_hour', expected: '2', actual: '0' },
    ]),
  );
});

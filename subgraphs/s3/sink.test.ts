import { randomUUID } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AggregateFact, CommentFact, PostFact, ReportFact, VoteFact } from '../../fanout/sink.ts';
import { joinSources } from '../../fanout/source.ts';
import { callsDuring } from '../../gateway/testing.ts';
import {
  type EventData,
  type EventType,
  eventTypes,
  type StreamEvent,
  type StreamEventOf,
  type Topic,
} from '../../schema/events/index.ts';
import { s3 } from './index.ts';
import { lakeKeys, readLakeObject } from './lake.ts';
import { openOwnBuckets } from './testing.ts';

let room: Awaited<ReturnType<typeof openOwnBuckets>>;

beforeAll(async () => {
  room = await openOwnBuckets();
});
afterAll(() => room?.[Symbol.asyncDispose]());

const sink = () => {
  if (!room.open.sink) throw new Error('s3 has no sink');
  return room.open.sink;
};

const envelope = (subject: string, time: string) => ({
  specversion: '1.0' as const,
  id: randomUUID(),
  source: '/streamshop/postgres' as const,
  subject,
  time,
  version: 1,
  actor: null,
});

const watch = (time: string): StreamEventOf<'watch.recorded'> => ({
  ...envelope('u1:m1', time),
  type: 'watch.recorded',
  data: {
    userId: 'u1',
    movieId: 'm1',
    action: 'PLAY',
    watchedAt: time,
    positionSeconds: 0,
    durationSeconds: 0,
    device: 'WEB',
    quality: 'SD',
    playback: { lastWatchedAt: time, previousWatchedAt: null, positionSeconds: 0, completed: false },
  },
});

const signUp = (userId: string): StreamEventOf<'user.signed_up'> => ({
  ...envelope(userId, '2026-10-03T08:00:00Z'),
  type: 'user.signed_up',
  data: { userId, name: 'Žofie\n"Z"', createdAt: '2026-10-03T08:00:00Z' },
});

const batchOf = (topic: Topic, events: readonly StreamEvent[]) => ({
  topic,
  partition: 0,
  firstOffset: 0n,
  nextOffset: BigInt(events.length),
  events,
});

const keys = async () => (await Array.fromAsync(lakeKeys(room.store))).flat();
const idsInLake = async () => {
  const objects = await Promise.all((await keys()).map((key) => readLakeObject(room.store, key)));
  return objects.flat().map(({ id }) => id);
};

type Watch = ReturnType<typeof watch>;

const sourceOf = (watches: readonly Watch[], signUps: readonly ReturnType<typeof signUp>[]) =>
  joinSources([
    {
      async *watches() {
        yield watches.map(({ id, data }) => ({
          eventId: id,
          userId: data.userId,
          movieId: data.movieId,
          action: data.action,
          watchedAt: new Date(data.watchedAt),
        }));
      },
      async *aggregates() {
        yield signUps.map(({ id, type, subject, version }) => ({ eventId: id, type, id: subject, version }));
      },
    },
  ]);

test('the lake keeps each event by its day, and any redelivery leaves its readers the same', async () => {
  const evening = Array.from({ length: 40 }, (_, index) => watch(`2026-10-02T23:59:${10 + index}.000Z`));
  const morning = Array.from({ length: 20 }, (_, index) => watch(`2026-10-03T00:00:${10 + index}.000Z`));
  const watches = [...evening, ...morning];
  const user = signUp('u9');
  const source = sourceOf(watches, [user]);
  const ids = [...watches, user].map(({ id }) => id).toSorted();

  await sink().apply(batchOf('watch_events', watches));
  await sink().apply(batchOf('user_events', [user]));
  const first = await keys();
  expect(first.map((key) => key.replace(/-[0-9a-f]{16}\.ndjson$/, ''))).toEqual([
    `raw/events/2026/10/02/watch_events-${evening[0]?.id}`,
    ...[`raw/events/2026/10/03/user_events-${user.id}`, `raw/events/2026/10/03/watch_events-${morning[0]?.id}`],
  ]);
  expect((await idsInLake()).toSorted()).toEqual(ids);
  expect(await readLakeObject(room.store, first[1] ?? '')).toEqual([user]);
  expect(await sink().verify(source)).toEqual([]);

  // The same batches: the same objects.
  await sink().apply(batchOf('watch_events', watches));
  await sink().apply(batchOf('user_events', [user]));
  expect(await keys()).toEqual(first);

  // Other batches, one with the first and the last event but not all between: nothing is overwritten by less.
  const gap = [...evening.slice(0, 5), ...evening.slice(-5)];
  for (const events of [gap, watches.slice(0, 33), watches.slice(33)])
    await sink().apply(batchOf('watch_events', events));
  expect([...new Set(await idsInLake())].toSorted()).toEqual(ids);
  expect(await sink().verify(source)).toEqual([]);
});

test('verify names what differs', async () => {
  const known = watch('2026-10-05T10:00:00.000Z');
  const unheardOf = watch('2026-10-05T10:00:00.000Z');
  const lost = watch('2026-10-05T10:00:00.000Z');
  const lostUser = signUp('u10');
  await using own = await openOwnBuckets();
  await own.open.sink?.apply(batchOf('watch_events', [known, unheardOf]));
  const key = 'raw/events/2026/10/05/damaged.ndjson';
  await own.store.call('PutObject', (client) =>
    client.send(new PutObjectCommand({ Bucket: own.store.lakeBucket, Key: key, Body: '{"id": ' })),
  );
  expect(await own.open.sink?.verify(sourceOf([known, lost], [lostUser]))).toEqual([
    { what: `user.signed_up event ${lostUser.id} of u10`, expected: 'present', actual: 'absent' },
    { what: `watch.recorded event ${lost.id}`, expected: 'present', actual: 'absent' },
    { what: `watch.recorded event ${unheardOf.id}`, expected: 'absent', actual: 'present' },
    { what: `lake object ${key}`, expected: 'NDJSON', actual: 'something else' },
  ]);

  const many = Array.from({ length: 80 }, () => watch('2026-10-05T11:00:00.000Z'));
  const differences = await own.open.sink?.verify(sourceOf([known, unheardOf, ...many], []));
  expect(differences).toHaveLength(52);
  expect(differences?.[50]?.what).toMatch(/ and 29 more like it$/);
});

/** An event of every type but those above, about one post. */
function postEvents() {
  const at = '2026-10-04T08:00:00.000Z';
  const eventOf = <T extends EventType>(type: T, data: EventData<T>, version = 1): StreamEventOf<T> => ({
    ...{ ...envelope('p1', at), type, version, data },
  });
  const text = { authorId: 'u1', postId: 'p1', movieId: 'm1', title: 'T', body: 'B', attachments: [], tags: [] };
  const comment = { commentId: 'c1', postId: 'p1', authorId: 'u2', body: 'B', createdAt: at };
  const complaint = { postId: 'p1', reporterId: 'u2', reason: 'SPAM', details: '', reportedAt: at } as const;
  const profile = { userId: 'u1', bio: '', links: [], interests: ['heist'], changedAt: at };
  const player = { movieId: 'm1', userId: 'u1', region: 'eu-west', cdnNode: 'eu-west-2', measuredAt: at };
  return {
    followed: eventOf('follow.changed', { followerId: 'u1', followeeId: 'u2', follows: true, changedAt: at }),
    blocked: eventOf('block.changed', { blockerId: 'u1', blockedId: 'u2', blocks: true, changedAt: at }),
    profiled: eventOf('profile.changed', profile),
    liked: eventOf('like.changed', { userId: 'u1', kind: 'POST', targetId: 'p1', likes: true, changedAt: at }),
    posted: eventOf('post.changed', { ...text, createdAt: at, editedAt: null }),
    edited: eventOf('post.changed', { ...text, createdAt: at, editedAt: at }, 2),
    commented: eventOf('comment.added', comment, 3),
    voted: eventOf('poll.voted', { postId: 'p1', userId: 'u2', option: 0, votedAt: at }, 4),
    complained: eventOf('post.reported', complaint, 5),
    viewed: eventOf('post.viewed', { postId: 'p1', userId: 'u1', viewedAt: at }),
    reported: eventOf('playback.reported', { ...player, bufferingCount: 0, averageBitrateKbps: 4_000 }),
    deleted: eventOf('post.deleted', { postId: 'p1', authorId: 'u1', movieId: 'm1', deletedAt: at }, 6),
  };
}

type PostEvents = ReturnType<typeof postEvents>;

/** What the sources tell once these events have happened, but for the deletion. */
function truthOf(events: PostEvents) {
  const { blocked, followed, liked, profiled, edited, commented, voted, complained, viewed, reported } = events;
  type Changed = 'blocked' | 'followed' | 'liked' | 'profiled' | 'edited' | 'deleted';
  const aggregateOf = ({ id: eventId, type, version }: PostEvents[Changed]) =>
    ({ type, id: 'p1', version, eventId }) satisfies AggregateFact;
  const comment: CommentFact = { ...commented.data, id: 'c1', createdAt: new Date(), eventId: commented.id };
  const vote: VoteFact = { ...voted.data, votedAt: new Date(), eventId: voted.id };
  const complaint: ReportFact = { postId: 'p1', reportedAt: new Date(), eventId: complained.id };
  const post = { ...edited.data, id: 'p1', createdAt: new Date(), isDeleted: false, version: 2, eventId: edited.id };
  const truth = {
    aggregates: [blocked, followed, liked, profiled, edited].map(aggregateOf),
    comments: [comment],
    votes: [vote],
    reports: [complaint],
    posts: [post] as PostFact[],
    playbackReports: [reported],
    postViews: [viewed, viewed],
  };
  const source = joinSources([
    Object.fromEntries(
      Object.keys(truth).map((kind) => [
        kind,
        async function* () {
          yield truth[kind as keyof typeof truth];
        },
      ]),
    ),
  ]);
  return { truth, source, aggregateOf };
}

test('every type of event is kept and compared', async () => {
  await using own = await openOwnBuckets();
  const events = postEvents();
  const { truth, source, aggregateOf } = truthOf(events);
  const byTopic = Map.groupBy(Object.values(events), ({ type }) => eventTypes[type].topic);
  const { consumes } = s3;
  expect(consumes?.toSorted()).toEqual(Object.keys(eventTypes).toSorted());

  const nameOf = ({ type, id }: StreamEvent) => `${type} event ${id}`;
  const absent = (event: StreamEvent, subject = '') => ({
    what: `${nameOf(event)}${subject}`,
    expected: 'present',
    actual: 'absent',
  });
  const before = (await own.open.sink?.verify(source)) ?? [];
  const { blocked, followed, liked, profiled, edited, commented, voted, complained, viewed, reported, deleted } =
    events;
  expect(before.toSorted((a, b) => a.what.localeCompare(b.what))).toEqual([
    absent(blocked, ' of p1'),
    absent(commented),
    absent(followed, ' of p1'),
    absent(liked, ' of p1'),
    absent(reported),
    absent(voted),
    absent(edited, ' of p1'),
    absent(complained),
    absent(viewed),
    absent(profiled, ' of p1'),
  ]);

  for (const [topic, ofTopic] of byTopic) {
    await own.open.sink?.apply(batchOf(topic, ofTopic));
    await own.open.sink?.apply(batchOf(topic, ofTopic.slice(1)));
  }
  expect(await own.open.sink?.verify(source)).toEqual([]);

  // With the post its comments and votes have gone from the source.
  truth.comments = [];
  truth.votes = [];
  const strangers = [commented, voted].map((event) => ({ what: nameOf(event), expected: 'absent', actual: 'present' }));
  expect(await own.open.sink?.verify(source)).toEqual(strangers);
  truth.posts = truth.posts.map((post) => ({ ...post, isDeleted: true, eventId: deleted.id }));
  truth.aggregates = [blocked, followed, liked, profiled, deleted].map(aggregateOf);
  expect(await own.open.sink?.verify(source)).toEqual([]);

  truth.playbackReports = [];
  truth.postViews = [];
  truth.reports = [];
  const differences = (await own.open.sink?.verify(source)) ?? [];
  expect(differences.map(({ what, actual }) => `${what} ${actual}`).toSorted()).toEqual(
    [reported, viewed, complained].map((event) => `${nameOf(event)} present`).toSorted(),
  );
});

test('a full batch of playback reports is one object', async () => {
  await using own = await openOwnBuckets();
  const reports = Array.from({ length: 500 }, () => postEvents().reported);
  const apply = () => own.open.sink?.apply(batchOf('playback_metrics', reports)) ?? Promise.resolve();
  expect((await callsDuring(apply)).map(({ statement }) => statement.split(' ')[2])).toEqual(['put-object']);
  const source = joinSources([
    {
      playbackReports: async function* () {
        yield reports;
      },
    },
  ]);
  const calls = await callsDuring(async () => {
    expect(await own.open.sink?.verify(source)).toEqual([]);
  });
  expect(calls.map(({ statement }) => statement.split(' ')[2])).toEqual(['list-objects-v2', 'get-object']);
});

test('a batch without events writes nothing; a probe writes, outside of the events', async () => {
  const before = await keys();
  await sink().apply(batchOf('watch_events', []));
  await sink().probe();
  expect(await keys()).toEqual(before);
});

test('migrating again keeps what is there', async () => {
  const before = await keys();
  await room.store.migrate();
  expect(await keys()).toEqual(before);
});

import { randomUUID } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Source } from '../../fanout/sink.ts';
import type { StreamEvent, StreamEventOf, Topic } from '../../schema/events/index.ts';
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

function sourceOf(watches: readonly Watch[], signUps: readonly ReturnType<typeof signUp>[]): Source {
  return {
    async *watches() {
      yield watches.map(({ id, data }) => ({
        eventId: id,
        userId: data.userId,
        movieId: data.movieId,
        action: data.action,
        watchedAt: new Date(data.watchedAt),
      }));
    },
    async *playbacks() {},
    async *aggregates() {
      yield signUps.map(({ id, type, subject, version }) => ({ eventId: id, type, id: subject, version }));
    },
  };
}

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
    { what: `watch event ${lost.id}`, expected: 'present', actual: 'absent' },
    { what: `user.signed_up event ${lostUser.id} of u10`, expected: 'present', actual: 'absent' },
    { what: `watch event ${unheardOf.id}`, expected: 'absent', actual: 'present' },
    { what: `lake object ${key}`, expected: 'NDJSON', actual: 'something else' },
  ]);

  const many = Array.from({ length: 80 }, () => watch('2026-10-05T11:00:00.000Z'));
  const differences = await own.open.sink?.verify(sourceOf([known, unheardOf, ...many], []));
  expect(differences).toHaveLength(52);
  expect(differences?.[50]?.what).toMatch(/ and 29 more like it$/);
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

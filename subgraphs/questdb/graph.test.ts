import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callsDuring, openTestRoom, type TestRoom } from '../../gateway/testing.ts';
import { questdb } from './index.ts';
import { playbackQuality } from './queries.ts';
import { questdbSink } from './sink.ts';
import type { QuestDbStore } from './store.ts';
import { batchOf, openOwnTables, report } from './testing.ts';

const [minuteMs, hourMs] = [60_000, 3_600_000];
const [movieId, other] = [`m-${randomUUID()}`, `m-it's "${randomUUID()}`];
const query = `query ($movies: [_Any!]!, $last: Int! = 60) { _entities(representations: $movies) { ... on Movie {
  id playbackQuality(lastMinutes: $last) { startsAt bucketSeconds reports bufferingCountAverage averageBitrateKbps }
} } }`;
const movie = (id: string) => ({ __typename: 'Movie', id });

let store: QuestDbStore;
let room: TestRoom;
let now: number;

beforeAll(async () => {
  store = openOwnTables();
  room = await openTestRoom({ ...questdb, open: () => ({ store, sink: questdbSink(store) }) });
  // The reports of a minute must not come to lie in two.
  now = Math.floor(Date.now() / minuteMs) * minuteMs;
  const at = (minutes: number, seconds = 0) => new Date(now - minutes * minuteMs + seconds * 1_000).toISOString();
  const of = (measuredAt: string, bufferingCount: number, averageBitrateKbps: number) =>
    report({ movieId, measuredAt, bufferingCount, averageBitrateKbps });
  const events = [
    of(at(0), 0, 9_000),
    of(at(5, 1), 1, 4_000),
    of(at(5, 59), 2, 5_000),
    report({ movieId, userId: 'u2', measuredAt: at(5, 59), bufferingCount: 6, averageBitrateKbps: 6_000 }),
    of(at(7), 0, 1_000),
    of(at(90), 1, 1_500),
    of(at(30 * 60), 3, 2_000),
    of(at(30 * 60 + 1), 0, 3_000),
    of(at(80 * 24 * 60), 10, 700),
    report({ movieId: other, measuredAt: at(1), averageBitrateKbps: 800 }),
  ];
  // The second time in another batch: no answer below may count them twice.
  for (const batch of [events, events.slice(3)]) await room.open.sink?.apply(batchOf(batch));
  await store.refreshed(store.tables.hourly);
});
afterAll(() => room?.[Symbol.asyncDispose]());

async function ask(last: number | undefined, ...ids: string[]) {
  const { data, errors } = await room.execute(query, { variables: { movies: ids.map(movie), ...(last && { last }) } });
  expect(errors).toBeUndefined();
  const answers = data?._entities as { playbackQuality: Record<string, unknown>[] }[];
  return answers.map(({ playbackQuality }) =>
    playbackQuality.map(({ startsAt, bucketSeconds, reports, bufferingCountAverage, averageBitrateKbps }) => {
      const agoMs = now - Date.parse(startsAt as string);
      return [agoMs, bucketSeconds, reports, bufferingCountAverage, averageBitrateKbps];
    }),
  );
}

test('gives the minutes of the last hour that have reports, oldest first, the current one last', async () => {
  expect(await ask(undefined, movieId, other, 'unknown')).toEqual([
    [
      [7 * minuteMs, 60, 1, 0, 1_000],
      [5 * minuteMs, 60, 3, 3, 5_000],
      [0, 60, 1, 0, 9_000],
    ],
    [[minuteMs, 60, 1, 0, 800]],
    [],
  ]);
});

test('a span begins where it says, with the current minute as its last', async () => {
  const buckets = async (last: number) => (await ask(last, movieId))[0]?.map(([agoMs]) => agoMs);
  expect(await buckets(5)).toEqual([0]);
  // One more, since a new minute may have begun meanwhile.
  expect(await buckets(6 + 1)).toEqual([5 * minuteMs, 0]);
  const [sixHours] = await ask(360, movieId);
  expect(sixHours?.[0]).toEqual([90 * minuteMs, 60, 1, 1, 1_500]);
  const [longer] = await ask(361, movieId);
  expect(new Set(longer?.map(([, bucketSeconds]) => bucketSeconds))).toEqual(new Set([3_600]));
});

test('a longer span is per hour, and the averages are those of the reports', async () => {
  const [quality] = await ask(90 * 24 * 60, movieId);
  const hours = new Map<number, { reports: number; buffering: number; bitrate: number }>();
  for (const [minutes, buffering, bitrate] of [
    ...[
      [0, 0, 9_000],
      [5, 1, 4_000],
      [5, 2, 5_000],
      [5, 6, 6_000],
      [7, 0, 1_000],
      [90, 1, 1_500],
    ],
    ...[
      [30 * 60, 3, 2_000],
      [30 * 60 + 1, 0, 3_000],
      [80 * 24 * 60, 10, 700],
    ],
  ] as [number, number, number][]) {
    const start = Math.floor((now - minutes * minuteMs) / hourMs) * hourMs;
    const hour = hours.get(start) ?? { reports: 0, buffering: 0, bitrate: 0 };
    hours.set(start, {
      reports: hour.reports + 1,
      buffering: hour.buffering + buffering,
      bitrate: hour.bitrate + bitrate,
    });
  }
  expect(quality).toEqual(
    [...hours]
      .sort(([one], [another]) => one - another)
      .map(([start, { reports, buffering, bitrate }]) => [
        ...[now - start, 3_600, reports, buffering / reports, bitrate / reports],
      ]),
  );
  const [twoDays] = await ask(2 * 24 * 60, movieId);
  expect(twoDays).toEqual(quality?.slice(1));
});

test.each([0, -1, 129_601])('refuses %i minutes, naming the argument', async (last) => {
  const { data, errors } = await room.execute(query, { variables: { movies: [movie(movieId)], last } });
  expect(JSON.parse(JSON.stringify(data))).toEqual({ _entities: [{ id: movieId, playbackQuality: null }] });
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument: ['lastMinutes'] });
});

test('asks once for 50 movies, and once more for other arguments', async () => {
  const movies = Array.from({ length: 50 }, (_, index) => movie(`m${index}`));
  expect(await callsDuring(() => room.execute(query, { variables: { movies } }))).toHaveLength(1);
  const twice = `query ($movies: [_Any!]!) { _entities(representations: $movies) { ... on Movie {
    hour: playbackQuality { reports } again: playbackQuality(lastMinutes: 60) { startsAt }
    week: playbackQuality(lastMinutes: 10080) { reports }
  } } }`;
  const calls = await callsDuring(() => room.execute(twice, { variables: { movies } }));
  const asked = calls.map(({ statement }) => /FROM (\w+)/.exec(statement)?.[1]);
  expect(asked.sort()).toEqual([store.tables.metrics, store.tables.hourly]);
});

test('many spans are one statement for minutes and one for hours, and each is answered as if it were alone', async () => {
  // A new minute may begin in between: no report lies at an edge of these.
  const spans = [60, 7, 20, 360, 100, 361, 2 * 24 * 60, 90 * 24 * 60];
  const keys = spans.flatMap((lastMinutes) => [movieId, other].map((id) => ({ id, lastMinutes })));
  let together: Awaited<ReturnType<typeof playbackQuality>> = [];
  const calls = await callsDuring(async () => {
    together = await playbackQuality(store, keys);
  });
  expect(calls).toHaveLength(2);
  for (const [index, key] of keys.entries()) {
    expect(together[index], JSON.stringify(key)).toEqual((await playbackQuality(store, [key]))[0]);
  }
  expect(together.slice(0, 8).map(({ length }) => length)).toEqual([3, 1, 2, 1, 3, 1, 4, 1]);
});

test('what nobody’s id can be is nobody’s', async () => {
  expect(await ask(60, '', 'x'.repeat(10_000), 'a\0b', `'; DROP TABLE streaming_metrics; --`)).toEqual([
    [],
    [],
    [],
    [],
  ]);
  expect(await ask(60, other)).toHaveLength(1);
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { joinSources } from '../../fanout/source.ts';
import { callsDuring } from '../../gateway/testing.ts';
import { batchOf, minutesAgo, openOwnDatabase, watch } from './testing.ts';

let room: Awaited<ReturnType<typeof openOwnDatabase>>;

beforeAll(async () => {
  room = await openOwnDatabase();
});
afterAll(() => room?.[Symbol.asyncDispose]());

const sink = () => {
  if (!room.open.sink) throw new Error('clickhouse has no sink');
  return room.open.sink;
};

type Watch = ReturnType<typeof watch>;

/** A source of truth that knows these watches, in chunks of 100. */
const sourceOf = (events: readonly Watch[]) =>
  joinSources([
    {
      async *watches() {
        for (let start = 0; start < events.length; start += 100) {
          yield events.slice(start, start + 100).map(({ id, data }) => ({
            eventId: id,
            userId: data.userId,
            movieId: data.movieId,
            action: data.action,
            watchedAt: new Date(data.watchedAt),
          }));
        }
      },
    },
  ]);

test('a redelivery in other batches changes nothing, and verify names what differs', async () => {
  const actions = ['PLAY', 'PAUSE', 'SEEK', 'STOP'] as const;
  const events = Array.from({ length: 700 }, (_, index) =>
    watch({
      movieId: `m${index % 7}`,
      userId: `u${index % 11}`,
      action: actions[index % 4] ?? 'PLAY',
      watchedAt: minutesAgo(index * 60),
    }),
  );
  await sink().apply(batchOf(events.slice(0, 500)));
  await sink().apply(batchOf(events.slice(500)));
  expect(await sink().verify(sourceOf(events))).toEqual([]);

  for (const [from, to] of [
    [0, 130],
    [130, 600],
    [370, 700],
  ]) {
    await sink().apply(batchOf(events.slice(from, to)));
  }
  expect(await sink().verify(sourceOf(events))).toEqual([]);
  // And so once ClickHouse has merged, which may be at any time.
  for (const table of ['movie_watch_events', 'views_per_hour']) await room.command(`OPTIMIZE TABLE ${table} FINAL`);
  expect(await room.store.select('SELECT count() AS rows FROM movie_watch_events FINAL')).toEqual([
    { rows: events.length },
  ]);
  expect(await sink().verify(sourceOf(events))).toEqual([]);

  const lost = watch({ movieId: 'm1' });
  const pause = watch({ movieId: 'm1', action: 'PAUSE' });
  const [first, ...others] = events as [Watch, ...Watch[]];
  const views = (movieId: string) =>
    events.filter(({ data }) => data.movieId === movieId && data.action === 'PLAY').length;
  expect(await sink().verify(sourceOf([...others, lost, pause]))).toEqual([
    { what: `watch event ${lost.id}`, expected: 'present', actual: 'absent' },
    { what: `watch event ${pause.id}`, expected: 'present', actual: 'absent' },
    { what: `watch event ${first.id}`, expected: 'absent', actual: 'present' },
    { what: 'views of movie m1', expected: String(views('m1') + 1), actual: String(views('m1')) },
    { what: 'views of movie m0', expected: String(views('m0') - 1), actual: String(views('m0')) },
  ]);

  const many = Array.from({ length: 80 }, () => watch({ action: 'STOP' }));
  const differences = await sink().verify(sourceOf([...events, ...many]));
  expect(differences).toHaveLength(51);
  expect(differences.at(-1)?.what).toMatch(/ and 29 more like it$/);
});

test('every column arrives', async () => {
  const watchedAt = minutesAgo(1);
  const event = watch({
    movieId: 'columns',
    userId: `o'Neil\n"x"`,
    action: 'SEEK',
    watchedAt,
    positionSeconds: 4_000,
    durationSeconds: 12,
    device: 'IPHONE',
    quality: 'UHD',
  });
  await sink().apply(batchOf([event]));
  const rows = await room.store.select('SELECT * FROM movie_watch_events WHERE movie_id = {id:String}', {
    id: 'columns',
  });
  expect(rows).toEqual([
    {
      event_id: event.id,
      movie_id: 'columns',
      user_id: `o'Neil\n"x"`,
      action: 'SEEK',
      watched_at: watchedAt.replace('T', ' ').replace('Z', ''),
      position_seconds: 4000,
      duration_seconds: 12,
      device: 'IPHONE',
      quality: 'UHD',
    },
  ]);
});

test('an import of watches from 1996 to 2018 in one batch is taken, and keeps what is not yet too old', async () => {
  const months = Array.from({ length: 23 * 12 }, (_, month) => {
    const watchedAt = new Date(Date.UTC(1996, month, 15)).toISOString();
    return watch({ movieId: 'imported', watchedAt });
  });
  const kept = watch({ movieId: 'imported', watchedAt: minutesAgo(399 * 24 * 60) });
  const tooOld = watch({ movieId: 'imported', watchedAt: minutesAgo(401 * 24 * 60) });
  const calls = await callsDuring(() => sink().apply(batchOf([...months, tooOld, kept])));
  expect(calls).toHaveLength(1);
  const rows = await room.store.select('SELECT event_id FROM movie_watch_events WHERE movie_id = {id:String}', {
    id: 'imported',
  });
  expect(rows).toEqual([{ event_id: kept.id }]);
  expect(await callsDuring(() => sink().apply(batchOf(months)))).toEqual([]);
  const differences = await sink().verify(sourceOf([...months, tooOld, kept]));
  expect(
    differences.filter(
      ({ what }) => what.includes('imported') || [...months, tooOld, kept].some(({ id }) => what.includes(id)),
    ),
  ).toEqual([]);
});

test('a batch without watches writes nothing; a probe writes', async () => {
  await sink().apply(batchOf([]));
  await sink().probe();
  const rows = await room.store.select('SELECT uniqExact(probed_at) > 0 AS probed FROM sink_probe');
  expect(rows).toEqual([{ probed: 1 }]);
});

test('migrating again keeps what is there', async () => {
  const count = () => room.store.select('SELECT uniqExact(event_id) AS events FROM movie_watch_events');
  const before = await count();
  await room.store.migrate();
  expect(await count()).toEqual(before);
});

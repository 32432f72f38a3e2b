import { afterAll, beforeAll, expect, test } from 'vitest';
import { callsDuring } from '../../gateway/testing.ts';
import type { PlaybackReported } from './reports.ts';
import { questdbSink } from './sink.ts';
import { batchOf, daysAgo, minutesAgo, type OwnCorner, openCorner, report } from './testing.ts';

let corner: OwnCorner;
beforeAll(async () => {
  corner = await openCorner();
});
afterAll(() => corner[Symbol.asyncDispose]());

const apply = (...events: PlaybackReported[]) => questdbSink(corner.store).apply(batchOf(events));

/** What readers see of a movie at this moment, without waiting for anything. */
const rowsOf = (movieId: string) =>
  corner.store.select(
    `SELECT time, user_id, region, cdn_node, buffering_count, average_bitrate_kbps, event_id
FROM ${corner.store.tables.metrics} WHERE movie_id = $1 ORDER BY time, user_id`,
    [movieId],
  );
const hoursOf = async (movieId: string) => {
  await corner.store.refreshed(corner.store.tables.hourly);
  return await corner.store.select(
    `SELECT time, reports, buffering_count_sum, average_bitrate_kbps_sum FROM ${corner.store.tables.hourly}
WHERE movie_id = $1 ORDER BY time`,
    [movieId],
  );
};

test('once applied, a report is readable, every column of it', async () => {
  const [movieId, measuredAt] = [corner.movie(), minutesAgo(3)];
  const userId = `o'Neil, a=b "x" \\ y\nz é 🎬`;
  const event = report({
    ...{ movieId, userId, measuredAt: measuredAt.toISOString(), region: 'ap south,1', cdnNode: 'n="1"\n\\' },
    ...{ bufferingCount: 7, averageBitrateKbps: 4_321 },
  });
  await apply(event);
  expect(await rowsOf(movieId)).toEqual([
    {
      ...{ time: measuredAt, user_id: userId, region: 'ap south,1', cdn_node: 'n="1"\n\\' },
      ...{ buffering_count: 7, average_bitrate_kbps: 4_321, event_id: event.id },
    },
  ]);
});

test('a redelivery in other batches changes nothing, in the table and in the view, and writes nothing', async () => {
  const movies = [corner.movie(), corner.movie()];
  const events = Array.from({ length: 600 }, (_, index) =>
    report({
      movieId: movies[index % 2],
      userId: `u${index % 7}`,
      measuredAt: minutesAgo(index * 97).toISOString(),
      bufferingCount: index % 5,
      averageBitrateKbps: 1_000 + index,
    }),
  );
  const state = () => Promise.all(movies.flatMap((id) => [rowsOf(id), hoursOf(id)]));
  await apply(...events.slice(0, 450));
  await apply(...events.slice(450));
  const before = await state();
  expect(before.map((rows) => rows.length > 0)).toEqual([true, true, true, true]);
  expect(before[0]).toHaveLength(300);
  const calls = await callsDuring(async () => {
    await apply(...events.slice(100, 550).reverse());
    await apply(...events.slice(500));
  });
  expect(calls.map(({ statement }) => statement.slice(0, 6))).toEqual(['SELECT', 'SELECT']);
  expect(await state()).toEqual(before);
});

test('newest first, months late and in any order: the view has the averages of the reports', async () => {
  const movieId = corner.movie();
  const hour = new Date(Math.floor(daysAgo(60).getTime() / 3_600_000) * 3_600_000);
  const at = (minute: number) => new Date(hour.getTime() + minute * 60_000).toISOString();
  await apply(report({ movieId, measuredAt: minutesAgo(1).toISOString() }));
  for (const [minute, bufferingCount, averageBitrateKbps] of [
    [50, 4, 3_000],
    [10, 1, 6_000],
    [30, 0, 5_000],
  ] as const) {
    await apply(report({ movieId, measuredAt: at(minute), bufferingCount, averageBitrateKbps }));
  }
  const [first] = await hoursOf(movieId);
  expect(first).toEqual({ time: hour, reports: 3, buffering_count_sum: 5, average_bitrate_kbps_sum: 14_000 });
});

test.each(['in order', 'newest first', 'in one batch', 'in one batch, newest first'])(
  'of several reports of one stretch the one that was made last stays: %s',
  async (order) => {
    const [movieId, measuredAt] = [corner.movie(), minutesAgo(5).toISOString()];
    const made = [1, 2, 3].map((bufferingCount) => report({ movieId, measuredAt, bufferingCount }));
    const other = report({ movieId, measuredAt, userId: 'u2' });
    const delivered = order.includes('newest first') ? made.toReversed() : made;
    if (order.includes('one batch')) await apply(...delivered, other);
    else for (const event of [...delivered, other]) await apply(event);
    // A redriven one, long after.
    await apply(made[0] as PlaybackReported);
    expect(await rowsOf(movieId)).toMatchObject([
      { user_id: 'u1', buffering_count: 3, event_id: made[2]?.id },
      { user_id: 'u2', buffering_count: 0 },
    ]);
    expect(await hoursOf(movieId)).toMatchObject([{ reports: 2, buffering_count_sum: 3 }]);
  },
);

test('a report that has expired is skipped, the others of its batch are not', async () => {
  const movieId = corner.movie();
  await apply(
    report({ movieId, measuredAt: daysAgo(91).toISOString() }),
    report({ movieId, measuredAt: '2000-01-01T00:00:00Z' }),
    report({ movieId, measuredAt: daysAgo(89).toISOString(), bufferingCount: 9 }),
  );
  expect(await rowsOf(movieId)).toMatchObject([{ buffering_count: 9 }]);
});

test('what cannot be right fails alone, with its reason', async () => {
  const movieId = corner.movie();
  const future = report({ movieId, measuredAt: minutesAgo(-120).toISOString() });
  await expect(apply(report({ movieId }), future)).rejects.toThrow(future.id);
  // A half of a surrogate pair is not UTF-8: QuestDB would keep another text.
  const broken = report({ movieId, userId: 'u\ud800' });
  await expect(apply(broken)).rejects.toThrow('does not show');
  // More than a LONG holds: QuestDB refuses the row, and with it its transaction.
  const fine = report({ movieId, userId: 'fine' });
  const refused = report({ movieId, bufferingCount: 2 ** 70 });
  await expect(apply(fine, refused)).rejects.toMatchObject({
    extensions: { code: 'STORE_ERROR' },
    originalError: { message: expect.stringContaining('buffering_count') },
  });
  expect(await rowsOf(movieId)).toMatchObject([{ user_id: 'u�' }]);
  await questdbSink(corner.store).probe();
});

test('a batch without reports asks nothing; a probe writes', async () => {
  expect(await callsDuring(() => apply())).toEqual([]);
  const calls = await callsDuring(() => questdbSink(corner.store).probe());
  expect(calls[0]?.statement).toContain('POST /write');
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PlaybackReported } from './reports.ts';
import { questdbSink } from './sink.ts';
import { batchOf, daysAgo, minutesAgo, type OwnCorner, openCorner, report, sourceOf } from './testing.ts';
import { compare } from './verify.ts';

let corner: OwnCorner;
beforeAll(async () => {
  corner = await openCorner();
});
afterAll(() => corner[Symbol.asyncDispose]());

test('names what differs, and nothing that does not', async () => {
  const movieId = corner.movie();
  // The other tests' rows differ from this source.
  const own = async (events: readonly PlaybackReported[]) =>
    (await compare(corner.store, sourceOf(events))).filter(({ what }) => what.includes(movieId));
  const at = (minutes: number) => minutesAgo(minutes).toISOString();
  const measuredAt = daysAgo(2).toISOString();
  const [first, again] = [report({ movieId, measuredAt }), report({ movieId, measuredAt, bufferingCount: 1 })];
  const late = report({ movieId, measuredAt: daysAgo(80).toISOString() });
  const expired = report({ movieId, measuredAt: daysAgo(100).toISOString() });
  const events = [first, again, late, expired];
  await questdbSink(corner.store).apply(batchOf(events));
  expect(await own(events)).toEqual([]);
  expect(await own(events.toReversed())).toEqual([]);

  const name = ({ data }: PlaybackReported) =>
    `report of user u1 on movie ${movieId} at ${new Date(data.measuredAt).toISOString()}`;
  const values = ({ id, data }: PlaybackReported) =>
    `event ${id}, ${data.bufferingCount} times buffering, 5000 kbps, region eu-west, CDN node eu-west-1`;
  const hour = ({ data }: PlaybackReported) =>
    `hour ${data.measuredAt.slice(0, 13)}:00:00.000Z of movie ${movieId} in the hourly view`;
  const one = '1 reports, 0 times buffering, 5000 kbps in all';
  const lost = report({ movieId, measuredAt: at(3) });
  expect(await own([first, late, lost])).toEqual([
    { what: name(first), expected: values(first), actual: values(again) },
    { what: name(lost), expected: values(lost), actual: 'absent' },
    { what: hour(first), expected: one, actual: '1 reports, 1 times buffering, 5000 kbps in all' },
    { what: hour(lost), expected: one, actual: 'absent' },
  ]);
  expect(await own([again])).toEqual([
    { what: name(late), expected: 'absent', actual: values(late) },
    { what: hour(late), expected: 'absent', actual: one },
  ]);

  // A wrong value under the right id.
  await corner.store.write(corner.store.tables.metrics, (rows) => {
    rows
      .table(corner.store.tables.metrics)
      .symbol('movie_id', movieId)
      .symbol('region', 'eu-west')
      .symbol('cdn_node', 'eu-west-1');
    rows.stringColumn('user_id', 'u1').intColumn('buffering_count', 0).intColumn('average_bitrate_kbps', 1);
    rows.stringColumn('event_id', late.id).at(Date.parse(late.data.measuredAt), 'ms');
  });
  await corner.store.applied(corner.store.tables.metrics);
  expect(await own(events)).toEqual([
    { what: name(late), expected: values(late), actual: values(late).replace('5000', '1') },
    { what: hour(late), expected: one, actual: one.replace('5000', '1') },
  ]);
});

test('names fifty of a kind and counts the rest', async () => {
  const many = Array.from({ length: 60 }, (_, index) =>
    report({ movieId: corner.movie(), measuredAt: minutesAgo(index).toISOString() }),
  );
  const differences = await questdbSink(corner.store).verify(sourceOf(many));
  const missing = differences.filter(({ what, actual }) => what.startsWith('report ') && actual === 'absent');
  expect(missing).toHaveLength(51);
  expect(missing.at(-1)?.what).toMatch(/ and 9 more like it$/);
});

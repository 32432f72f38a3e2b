import { expect, test } from 'vitest';
import { type Followed, lagsOf, rateOf } from './fanout-lags.ts';

const place = (partition: number, offset: number) => ({
  ...{ type: 'watch.recorded', actorId: 'u1', topic: 'watch_events', partition, offset: String(offset) },
  publishedAt: new Date(),
});

const followed: Followed = {
  written: [
    { eventId: 'a', dueMs: 1_000, committedMs: 1_010 },
    { eventId: 'b', dueMs: 1_005, committedMs: 1_020 },
    { eventId: 'c', dueMs: 1_010, committedMs: 1_030 },
  ],
  places: [place(0, 7), place(1, 3), place(0, 8)],
  track: {
    sightings: new Map([
      [
        'quick',
        new Map([
          [0, [{ atMs: 1_050, next: 9n }]],
          [1, [{ atMs: 1_030, next: 4n }]],
        ]),
      ],
      [
        'slow',
        new Map([
          [
            0,
            [
              { atMs: 1_200, next: 8n },
              { atMs: 1_500, next: 9n },
            ],
          ],
          [1, [{ atMs: 1_040, next: 4n }]],
        ]),
      ],
    ]),
    gapMs: { median: 10, longest: 20 },
  },
};

test('lags run from each event’s commit until its offset was seen committed, the slowest sink first', () => {
  const [slow, quick] = lagsOf([followed]);
  expect(slow).toMatchObject({ sink: 'slow', p50: 190, longest: 470 });
  expect(quick).toMatchObject({ sink: 'quick', p50: 20, longest: 40 });
});

test('the rate of a sink counts until its last event', () => {
  expect(rateOf(followed, 'quick')).toBeCloseTo(3 / 0.05);
  expect(rateOf(followed, 'slow')).toBeCloseTo(3 / 0.5);
});

test('an event that was never published has no lag', () => {
  expect(() => lagsOf([{ ...followed, places: [null, null, null] }])).toThrow('an event was never published');
});

import { expect, test } from 'vitest';
import { type Followed, lagsOf, rateOf } from './fanout-lags.ts';

const place = (partition: number, offset: bigint) => ({ partition, offset });
const sink = (name: string) => ({ name, consumes: ['watch.recorded'] as const });
const sinks = [sink('quick'), sink('slow'), { name: 'posts', consumes: ['post.changed'] as const }];

const followed: Followed = {
  written: [
    { type: 'watch.recorded', id: 'a', dueMs: 1_000, committedMs: 1_010 },
    { type: 'watch.recorded', id: 'b', dueMs: 1_005, committedMs: 1_020 },
    { type: 'post.changed', id: 'p', dueMs: 1_005, committedMs: 1_025 },
    { type: 'watch.recorded', id: 'c', dueMs: 1_010, committedMs: 1_030 },
  ],
  places: [place(0, 7n), place(1, 3n), place(0, 8n), place(0, 8n)],
  track: {
    sightings: new Map([
      [
        'quick',
        new Map([
          ['watch_events/0', [{ atMs: 1_050, next: 9n }]],
          ['watch_events/1', [{ atMs: 1_030, next: 4n }]],
        ]),
      ],
      [
        'slow',
        new Map([
          [
            'watch_events/0',
            [
              { atMs: 1_200, next: 8n },
              { atMs: 1_500, next: 9n },
            ],
          ],
          ['watch_events/1', [{ atMs: 1_040, next: 4n }]],
        ]),
      ],
      ['posts', new Map([['post_events/0', [{ atMs: 1_125, next: 9n }]]])],
    ]),
    gapMs: { median: 10, longest: 20 },
  },
};

test('lags run from each event’s commit until its offset was seen committed, the slowest sink first', () => {
  const [slow, posts, quick] = lagsOf([followed], sinks);
  expect(slow).toMatchObject({ sink: 'slow', events: 3, p50: 190, longest: 470 });
  expect(quick).toMatchObject({ sink: 'quick', events: 3, p50: 20, longest: 40 });
  expect(posts).toMatchObject({ sink: 'posts', events: 1, p50: 100, p99: 100, longest: 100 });
});

test('the rate of a sink counts until its last event', () => {
  expect(rateOf(followed, sink('quick'))).toBeCloseTo(3 / 0.05);
  expect(rateOf(followed, sink('slow'))).toBeCloseTo(3 / 0.5);
});

test('an event that a sink was not seen to apply has no lag', () => {
  expect(() => lagsOf([followed], [{ name: 'quick', consumes: ['post.changed'] }])).toThrow('nobody has seen offset 8');
});

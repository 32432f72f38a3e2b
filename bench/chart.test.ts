import { expect, test } from 'vitest';
import { drawBars } from './chart.ts';

const chart = {
  title: 'The page <by hand> & others',
  unit: 'by hand',
  series: ['StreamShop', 'Peer'],
  groups: [
    { label: 'CPU', bars: [estimate(1.2, 0.1), estimate(2.4, 0.6)] },
    { label: 'p50', bars: [estimate(1, 0), estimate(0.5, 0.1)] },
  ],
};

test('bars stand on the axis, as high as their values, with whiskers at their intervals', () => {
  const svg = drawBars(chart);
  const bars = [
    ...svg.matchAll(/<rect class="bar(\d)" x="[\d.]+" y="([\d.]+)" width="[\d.]+" height="([\d.]+)" rx="2"><title>/g),
  ];
  expect(bars.map(([, series]) => series)).toEqual(['0', '1', '0', '1']);
  const floors = new Set(bars.map(([, , y, height]) => Math.round(Number(y) + Number(height))));
  expect(floors.size).toBe(1);
  const heights = bars.map(([, , , height]) => Number(height));
  const unit = heights[2] ?? 0;
  expect(heights.map((height) => height / unit)).toEqual([
    expect.closeTo(1.2, 2),
    expect.closeTo(2.4, 2),
    1,
    expect.closeTo(0.5, 2),
  ]);
  const [, from, to] = /class="whisker" d="M[\d.]+ ([\d.]+)V([\d.]+)/.exec(svg) ?? [];
  expect((Number(from) - Number(to)) / unit).toBeCloseTo(0.2, 2);
  expect(svg).toContain('<title>1.20 (1.10–1.30)</title>');
});

test('nothing is drawn outside of the picture, however long a whisker', () => {
  const svg = drawBars({ ...chart, groups: [{ label: 'CPU', bars: [estimate(10, 9.9), estimate(1, 2)] }] });
  for (const [, y] of svg.matchAll(/ y="([-\d.]+)"/g)) {
    expect(Number(y)).toBeGreaterThanOrEqual(0);
    expect(Number(y)).toBeLessThanOrEqual(440);
  }
});

test('a title is text, and both kinds of page have their colours', () => {
  const svg = drawBars(chart);
  expect(svg).toContain('The page &lt;by hand> &amp; others');
  expect(svg).toContain('@media(prefers-color-scheme:dark)');
  expect(svg).not.toContain('NaN');
});

function estimate(value: number, around: number) {
  return { value, low: value - around, high: value + around };
}

import type { Estimate } from './statistics.ts';

/** Grouped bars with whiskers. */
export interface BarChart {
  title: string;
  /** What 1 stands for: a line across the chart. */
  unit: string;
  /** The names of a group's bars, in their order. */
  series: readonly string[];
  groups: readonly { label: string; bars: readonly Estimate[] }[];
}

const size = { width: 960, height: 440 };
const plot = { left: 48, right: 68, top: 84, bottom: 44 };
const barGap = 3;
const groupShare = 0.78;
/** Light and dark background: each colour is told apart from its neighbours on both. */
const colours = [
  ['#1d4ed8', '#60a5fa'],
  ['#0e7490', '#22d3ee'],
  ['#b45309', '#fbbf24'],
  ['#be185d', '#f472b6'],
];

/** Draws the chart as an SVG document that is readable on a light and on a dark page. */
export function drawBars({ title, unit, series, groups }: BarChart): string {
  const highest = Math.max(1, ...groups.flatMap(({ bars }) => bars.map(({ high }) => high)));
  const step = tickStep(highest);
  const top = Math.ceil(highest / step) * step;
  const innerWidth = size.width - plot.left - plot.right;
  const innerHeight = size.height - plot.top - plot.bottom;
  const y = (value: number) => round(plot.top + innerHeight * (1 - value / top));
  const groupWidth = innerWidth / groups.length;
  const barWidth = (groupWidth * groupShare) / series.length;

  const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, index) => index * step);
  const grid = ticks.map(
    (tick) =>
      `<line class="grid" x1="${plot.left}" x2="${size.width - plot.right}" y1="${y(tick)}" y2="${y(tick)}"/>` +
      `<text class="tick" x="${plot.left - 8}" y="${y(tick) + 4}" text-anchor="end">${round(tick)}</text>`,
  );
  const bars = groups.flatMap(({ label, bars }, group) => {
    const left = plot.left + groupWidth * (group + (1 - groupShare) / 2);
    const drawn = bars.map((bar, index) => drawBar(bar, { index, x: left + index * barWidth, barWidth, y, top }));
    const middle = round(plot.left + groupWidth * (group + 0.5));
    return [
      ...drawn,
      `<text x="${middle}" y="${size.height - plot.bottom + 22}" text-anchor="middle">${escaped(label)}</text>`,
    ];
  });
  const legendWidth = innerWidth / series.length;
  const legend = series.map((name, index) => {
    const x = round(plot.left + index * legendWidth);
    return `<rect class="bar${index}" x="${x}" y="46" width="12" height="12" rx="2"/><text x="${x + 18}" y="57">${escaped(name)}</text>`;
  });
  const one =
    `<line class="one" x1="${plot.left}" x2="${size.width - plot.right}" y1="${y(1)}" y2="${y(1)}"/>` +
    `<text class="tick" x="${size.width - plot.right + 8}" y="${y(1) + 4}">${escaped(unit)}</text>`;

  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-labelledby="title">`,
    `<title id="title">${escaped(title)}</title>`,
    `<style>${style(series.length)}</style>`,
    `<rect class="page" width="${size.width}" height="${size.height}"/>`,
    `<text class="title" x="${plot.left}" y="26">${escaped(title)}</text>`,
    ...legend,
    ...grid,
    ...bars,
    one,
    '</svg>',
    '',
  ].join('\n');
}

interface Place {
  index: number;
  x: number;
  barWidth: number;
  y(value: number): number;
  top: number;
}

function drawBar({ value, low, high }: Estimate, { index, x, barWidth, y, top }: Place): string {
  const middle = round(x + barWidth / 2);
  const [from, to] = [y(Math.max(0, low)), y(Math.min(top, high))];
  return (
    `<rect class="bar${index}" x="${round(x + barGap / 2)}" y="${y(value)}" width="${round(barWidth - barGap)}" height="${round(y(0) - y(value))}" rx="2">` +
    `<title>${value.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})</title></rect>` +
    `<path class="whisker" d="M${middle} ${from}V${to}M${round(middle - 4)} ${from}h8M${round(middle - 4)} ${to}h8"/>`
  );
}

function style(series: number): string {
  const fills = (place: 0 | 1) =>
    Array.from({ length: series }, (_, index) => `.bar${index}{fill:${colours[index % colours.length]?.[place]}}`).join(
      '',
    );
  const light = `.page{fill:#fff}text{fill:#1f2937}.grid{stroke:#e5e7eb}.one,.whisker{stroke:#111827}`;
  const dark = `.page{fill:#0d1117}text{fill:#e5e7eb}.grid{stroke:#30363d}.one,.whisker{stroke:#f9fafb}`;
  return (
    `text{font:13px system-ui,sans-serif}.title{font-size:16px;font-weight:600}.tick{font-size:12px}` +
    `.one{stroke-dasharray:5 4}.whisker{fill:none;stroke-width:1.5}${light}${fills(0)}` +
    `@media(prefers-color-scheme:dark){${dark}${fills(1)}}`
  );
}

/** A step of 1, 2 or 5 times a power of ten that gives at most eight ticks. */
function tickStep(highest: number): number {
  const power = 10 ** Math.floor(Math.log10(highest / 8));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => highest / step <= 8) ?? 10 * power;
}

const round = (value: number) => Math.round(value * 10) / 10;

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

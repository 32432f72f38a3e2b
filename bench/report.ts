import { styleText } from 'node:util';
import type { PageFigures } from './page.ts';
import type { Estimate } from './pairs.ts';
import type { WriteFigures } from './record-watch.ts';
import type { Row } from './rows.ts';

const packagesShown = 6;
const storesShown = 4;

/** A page's figures for a terminal of 80 columns. */
export function pageReport({
  cpuShares,
  firstPageRatio,
  packages,
  storeCalls,
  storeTimes,
  ...figures
}: PageFigures): string {
  const { http, storeClients, graph } = cpuShares;
  const parts = `HTTP ${percent(http)}, the stores’ clients ${percent(storeClients)}, the graph ${percent(graph)}`;
  const shares = packages.slice(0, packagesShown).map((share) => `${share.package} ${percent(share.share)}`);
  const slowest = storeTimes
    .slice(0, storesShown)
    .map(({ store, longestMs }) => `${store} ${digits(longestMs)}\u00a0ms`);
  const lines = [
    `CPU of a page through the graph: ${parts}.`,
    `By package: ${shares.join(', ')}.`,
    `Calls of the stores: ${storeCalls[0]} through the graph, ${storeCalls[1]} by hand.`,
    `Slowest of them: ${slowest.join(', ')}.`,
    `The first page, with no plan yet, took ${digits(firstPageRatio)} times the median.`,
  ];
  return [table(figures), ...lines.map(wrapped)].join('\n');
}

/** The write path's figures, likewise. */
export function writeReport({ applied, sinks, ...figures }: WriteFigures): string {
  const rows = applied.map((row) => ({ ...row, spread: undefined }));
  const appliedBy = wrapped(`Applied: by ${sinks.join(', ')}.`);
  return [table(figures), header(['applied', 'command'], ''), ...rows.map(line), appliedBy].join('\n');
}

function table({ title, sides, rows }: { title: string; sides: [string, string]; rows: Row[] }): string {
  return [styleText('bold', title), header(sides, 'A/A 95 %'), ...rows.map(line)].join('\n');
}

function header([left, right]: [string, string], spread: string): string {
  return styleText('dim', columns(['', left, right, 'ratio', '95 %', spread]));
}

function line({ label, unit, left, right, ratio, spread }: Omit<Row, 'spread'> & { spread?: Estimate }): string {
  const amount = (value: number) => `${digits(value)} ${unit}`;
  return columns([
    label,
    amount(left),
    amount(right),
    digits(ratio.value),
    interval(ratio),
    spread ? interval(spread) : '',
  ]);
}

/** Together 79 characters. */
const widths = [23, 11, 11, 7, 13, 14];

const columns = (cells: string[]): string =>
  cells
    .map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0)))
    .join('')
    .trimEnd();

const interval = ({ low, high }: Estimate): string => `${digits(low)}–${digits(high)}`;

/** Three digits that count. */
function digits(value: number): string {
  return value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);
}

/** With a space that does not break. */
const percent = (share: number): string => `${Math.round(share * 100)}\u00a0%`;

function wrapped(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < 78) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(lines.length === 0 ? word : `  ${word}`);
  }
  return lines.join('\n');
}

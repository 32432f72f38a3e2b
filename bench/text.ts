import { styleText } from 'node:util';
import type { Section, Table } from './section.ts';
import type { Estimate } from './statistics.ts';

/** Three digits that count. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size >= 100) return String(Math.round(value));
  return value.toFixed(size >= 10 ? 1 : 2);
}

export const percent = (share: number): string => `${digits(share * 100)} %`;

/** A ratio with its interval, as `1.20 (1.15–1.25)`. */
export const ratio = ({ value, low, high }: Estimate): string => `${digits(value)} (${digits(low)}–${digits(high)})`;

/** A ratio near 1: as `1.012 (0.998–1.026)`. */
export const fineRatio = ({ value, low, high }: Estimate): string =>
  `${value.toFixed(3)} (${low.toFixed(3)}–${high.toFixed(3)})`;

const terminalColumns = 100;

/** A section for a terminal of 100 columns. */
export function terminalText({ title, tables, remarks }: Section): string {
  return [styleText('bold', title), ...tables.map(terminalTable), remarks.map(wrapped).join('\n')]
    .filter(Boolean)
    .join('\n\n');
}

function terminalTable({ title, columns, rows }: Table): string {
  const shown = columns.flatMap(({ isWide }, index) => (isWide ? [] : [index]));
  const cells = [columns.map(({ title }) => title), ...rows].map((row) => shown.map((index) => row[index] ?? ''));
  const widths = shown.map((_, place) => Math.max(...cells.map((row) => row[place]?.length ?? 0)));
  const lines = cells.map((row) =>
    row
      .map((cell, place) => (place === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[place] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  const [head = '', ...body] = lines;
  return [title, styleText('dim', head), ...body].join('\n');
}

/** Breaks a sentence into lines; those after the first are indented. */
export function wrapped(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < terminalColumns) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(lines.length === 0 ? word : `  ${word}`);
  }
  return lines.join('\n');
}

/** A section in Markdown, under a heading of the second level. */
export function markdownText({ title, tables, remarks }: Section): string {
  return [`## ${title}`, ...tables.map(markdownTable), remarks.map((remark) => `- ${remark}`).join('\n')]
    .filter(Boolean)
    .join('\n\n');
}

function markdownTable({ title, columns, rows }: Table): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  const rule = columns.map((_, index) => (index === 0 ? '---' : '---:'));
  return [`**${title}**\n`, line(columns.map(({ title }) => title)), line(rule), ...rows.map(line)].join('\n');
}

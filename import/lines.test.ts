import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Line, type Place, readLines } from './lines.ts';
import { Bad } from './problems.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'streamshop-lines-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const begin: Place = { offset: 0, line: 1 };

async function linesOf(content: string | Buffer, size = 1_000, from = begin) {
  const path = join(folder, 'file.csv');
  writeFileSync(path, content);
  const lines: Line[] = [];
  const ends: Place[] = [];
  for await (const chunk of readLines(path, from, size)) {
    expect(chunk.lines.length).toBeLessThanOrEqual(size);
    lines.push(...chunk.lines);
    ends.push(chunk.end);
  }
  return { lines, ends };
}

const numbered = ({ lines }: { lines: Line[] }) => lines.map(({ number, text }) => [number, text]);

test('line feeds and CRLF end lines, blank ones are left out, the last line needs no end', async () => {
  expect(numbered(await linesOf('one\r\n\ntwo\n\r\nthree'))).toEqual([
    [1, 'one'],
    [3, 'two'],
    [5, 'three'],
  ]);
  expect(numbered(await linesOf('one\n'))).toEqual([[1, 'one']]);
  expect(numbered(await linesOf(''))).toEqual([]);
});

test('a quote that is not closed does not swallow the next line', async () => {
  expect(numbered(await linesOf('1,"a\n2,b\n'))).toEqual([
    [1, '1,"a'],
    [2, '2,b'],
  ]);
});

test('a line that is not UTF-8, and one that is too long, spoil themselves alone', async () => {
  const content = Buffer.concat([
    Buffer.from('good\n'),
    Buffer.from([0x43, 0xe9, 0x0a]),
    Buffer.from(`${'x'.repeat(65_537)}\n`),
    Buffer.from(`${'y'.repeat(300_000)}\n`),
    Buffer.from('Amélie\n'),
    Buffer.from('z'.repeat(300_000)),
  ]);
  expect(numbered(await linesOf(content, 2))).toEqual([
    [1, 'good'],
    [2, new Bad('notUtf8')],
    [3, new Bad('tooLong')],
    [4, new Bad('tooLong')],
    [5, 'Amélie'],
    [6, new Bad('tooLong')],
  ]);
});

test('reading goes on behind any chunk, as if it had never stopped', async () => {
  const content = Array.from(
    { length: 5_000 },
    (_, n) => `${n},Amélie${n % 3 ? '\n' : '\r\n'}${n % 7 ? '' : '\n'}`,
  ).join('');
  const whole = await linesOf(content, 99);
  expect(whole.ends.at(-1)?.offset).toBe(Buffer.byteLength(content));
  for (const [index, end] of whole.ends.entries()) {
    if (index % 10 > 0) continue;
    const rest = await linesOf(content, 99, end);
    expect(rest.lines).toEqual(whole.lines.slice((index + 1) * 99));
  }
});

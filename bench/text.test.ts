import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { digits, markdownText, ratio, terminalText, wrapped } from './text.ts';

test('a figure has the three digits that count', () => {
  expect([0.123456, 1.005, 12.34, 123.4, 12_345.6, 0].map(digits)).toEqual([
    '0.12',
    '1.00',
    '12.3',
    '123',
    '12346',
    '0.00',
  ]);
  expect(digits(Number.NaN)).toBe('–');
  expect(ratio({ value: 1.2, low: 1.15, high: 1.25 })).toBe('1.20 (1.15–1.25)');
});

const section = {
  ...{ name: 'page', title: 'The page', figures: null },
  tables: [
    {
      title: 'At once: 8',
      columns: [{ title: 'side' }, { title: 'p50' }, { title: 'p99', isWide: true }],
      rows: [
        ['by hand', '9.10 ms', '12.0 ms'],
        ['StreamShop', '10.2 ms', '14.0 ms'],
      ],
    },
  ],
  remarks: ['One sentence.'],
};

test('a terminal gets the columns that it has room for', () => {
  expect(stripVTControlCharacters(terminalText(section))).toBe(
    [
      'The page',
      '',
      'At once: 8',
      'side            p50',
      'by hand     9.10 ms',
      'StreamShop  10.2 ms',
      '',
      'One sentence.',
    ].join('\n'),
  );
});

test('the report gets all of them', () => {
  expect(markdownText(section)).toBe(
    [
      '## The page\n',
      '**At once: 8**\n',
      '| side | p50 | p99 |',
      '| --- | ---: | ---: |',
      '| by hand | 9.10 ms | 12.0 ms |',
      '| StreamShop | 10.2 ms | 14.0 ms |\n',
      '- One sentence.',
    ].join('\n'),
  );
});

test('no line is longer than 100 characters, and no word is lost', () => {
  const text = Array.from({ length: 200 }, (_, index) => `word${index}`).join(' ');
  const lines = wrapped(text).split('\n');
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  expect(lines.map((line) => line.trim()).join(' ')).toBe(text);
});

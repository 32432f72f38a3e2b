import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { generateFolder } from './testing.ts';

const folder = mkdtempSync(join(tmpdir(), 'streamshop-memory-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('400,000 ratings are read and checked in the memory of a few chunks', () => {
  const { watches, bad } = generateFolder({
    ...{ folder, seed: 'memory', films: 4_000, users: 400, ratings: 400_000 },
    now: new Date(),
    hasBadRows: true,
  });
  const program = `
    import { openFolder } from '${import.meta.dirname}/files.ts';
    import { readRows } from '${import.meta.dirname}/read.ts';
    import { ratingRow } from '${import.meta.dirname}/rows.ts';
    const file = (await openFolder('${folder}')).files.get('ratings.csv');
    let [rows, bad] = [0, 0];
    for await (const chunk of readRows(file, file.start, ratingRow)) {
      rows += chunk.rows.length;
      bad += chunk.bad.length;
    }
    console.log(JSON.stringify({ rows, bad }));`;
  // Four hundred thousand rows would not fit: a row of them takes about 200 bytes.
  const flags = ['--max-old-space-size=32', '--disable-warning=ExperimentalWarning', '--input-type=module-typescript'];
  const child = spawnSync(process.execPath, [...flags, '--eval', program], { encoding: 'utf8' });
  expect(child.stderr).toBe('');
  // Only the next steps find out what names an unknown movie or repeats a row.
  const later = ['unknown movie', 'the same user, movie and time as a row before'];
  const found = later.reduce((sum, kind) => sum + (bad[`ratings.csv: ${kind}`] ?? 0), 0);
  const all = Object.entries(bad).filter(([kind]) => kind.startsWith('ratings.csv'));
  expect(JSON.parse(child.stdout)).toEqual({
    rows: watches.length + found,
    bad: all.reduce((sum, [, rows]) => sum + rows, 0) - found,
  });
});

import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openFolder } from './files.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'streamshop-files-'));
  write('movies.csv', 'movieId,title,genres\n1,Toy Story (1995),Comedy\n');
  write('ratings.csv', 'userId,movieId,rating,timestamp\n');
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, content: string) => writeFileSync(join(folder, name), content);

test('a folder with films and ratings is enough; what it lacks is known', async () => {
  const { missing, files } = await openFolder(folder);
  expect(missing).toEqual(['links.csv', 'tags.csv']);
  expect(files.get('movies.csv')?.start).toEqual({ offset: 21, line: 2 });
});

test('a BOM, CRLF and quotes in the header are no hindrance', async () => {
  write('movies.csv', '\uFEFF"movieId","title","genres"\r\n1,Toy Story (1995),Comedy\r\n');
  expect((await openFolder(folder)).files.get('movies.csv')?.start).toEqual({ offset: 31, line: 2 });
});

test('a folder is another one once a file has changed, and the same as long as none has', async () => {
  const { hash } = await openFolder(folder);
  expect((await openFolder(`${folder}/../${folder.split('/').at(-1)}`)).hash).toBe(hash);
  utimesSync(join(folder, 'ratings.csv'), 1, 1);
  const touched = await openFolder(folder);
  expect(touched.hash).not.toBe(hash);
  write('tags.csv', 'userId,movieId,tag,timestamp\n');
  expect((await openFolder(folder)).hash).not.toBe(touched.hash);
});

test.for([
  ['no folder', () => rmSync(folder, { recursive: true }), /is no folder\. Unpack a MovieLens archive/],
  ['no ratings', () => rmSync(join(folder, 'ratings.csv')), /has no ratings\.csv\. A folder in MovieLens format has/],
  ['an empty file', () => write('ratings.csv', ''), /does not begin with the line userId,movieId,rating,timestamp/],
  ['no header', () => write('ratings.csv', '1,1,4.0,964982703\n'), /does not begin with the line userId/],
  ['another order', () => write('movies.csv', 'title,movieId,genres\n'), /does not begin with the line movieId,title/],
  [
    'a folder in the place of a file',
    () => {
      rmSync(join(folder, 'movies.csv'));
      mkdirSync(join(folder, 'movies.csv'));
    },
    /movies\.csv cannot be read: EISDIR/,
  ],
] as const)('%s is told in one line', async ([, spoil, message]) => {
  spoil();
  await expect(openFolder(folder)).rejects.toThrow(message);
  mkdirSync(folder, { recursive: true });
});

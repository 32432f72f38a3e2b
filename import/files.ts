import { createHash } from 'node:crypto';
import { accessSync, constants, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { reasonOf, StackError } from '../stack/errors.ts';
import { fieldsOf } from './csv.ts';
import { type Place, readLines } from './lines.ts';
import { Bad } from './problems.ts';

/** The files of a MovieLens folder and their columns. */
const columns = {
  'movies.csv': ['movieId', 'title', 'genres'],
  'links.csv': ['movieId', 'imdbId', 'tmdbId'],
  'tags.csv': ['userId', 'movieId', 'tag', 'timestamp'],
  'ratings.csv': ['userId', 'movieId', 'rating', 'timestamp'],
} as const;

export type FileName = keyof typeof columns;
const needed: readonly FileName[] = ['movies.csv', 'ratings.csv'];

export interface File {
  name: FileName;
  path: string;
  bytes: number;
  /** Behind the header. */
  start: Place;
}

/** A folder that can be imported. */
export interface Folder {
  path: string;
  /** The files that are there. */
  files: ReadonlyMap<FileName, File>;
  missing: readonly FileName[];
  /** All bytes of all files, without the headers. */
  bytes: number;
  /** Differs for another folder, and for this one once a file has changed. */
  hash: string;
}

/**
 * Looks at a folder in MovieLens format, without reading more than the headers.
 * @throws StackError USAGE that says what is wrong with it and what to do
 */
export async function openFolder(folder: string): Promise<Folder> {
  const path = resolve(folder);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats?.isDirectory()) {
    throw new StackError(
      'USAGE',
      `${path} is no folder. Unpack a MovieLens archive, such as ml-latest-small.zip, and name the folder`,
    );
  }
  const hash = createHash('sha256').update(path);
  const files = new Map<FileName, File>();
  const names = Object.keys(columns) as FileName[];
  for (const name of names) {
    const file = join(path, name);
    const stats = statSync(file, { throwIfNoEntry: false });
    if (!stats) continue;
    files.set(name, { name, path: file, bytes: stats.size, start: await startOf(file, name) });
    hash.update(`\n${name} ${stats.size} ${stats.mtimeMs}`);
  }
  const absent = needed.find((name) => !files.has(name));
  if (absent)
    throw new StackError('USAGE', `${path} has no ${absent}. A folder in MovieLens format has ${names.join(', ')}`);
  return {
    path,
    files,
    missing: names.filter((name) => !files.has(name)),
    bytes: files.values().reduce((sum, file) => sum + rowBytes(file), 0),
    hash: hash.digest('hex').slice(0, 16),
  };
}

/** The size of a file without its header. */
export const rowBytes = ({ bytes, start }: File): number => bytes - start.offset;

export const columnsOf = (name: FileName): number => columns[name].length;

/** Checks the header, with which every file of MovieLens begins, and gives the place behind it. */
async function startOf(path: string, name: FileName): Promise<Place> {
  const expected = columns[name].join(',');
  const begin: Place = { offset: 0, line: 1 };
  try {
    accessSync(path, constants.R_OK);
    for await (const { lines, end } of readLines(path, begin, 1)) {
      const text = lines[0]?.text ?? '';
      const fields = text instanceof Bad ? text : fieldsOf(text.replace(/^\uFEFF/, ''), columns[name].length);
      if (!(fields instanceof Bad) && fields.map((field) => field.trim()).join() === expected) return end;
      break;
    }
  } catch (error) {
    throw new StackError('USAGE', `${path} cannot be read: ${reasonOf(error)}`);
  }
  throw new StackError('USAGE', `${path} does not begin with the line ${expected}. Is it MovieLens' ${name}?`);
}

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import type { Settings } from '../config.ts';
import type { Folder } from './files.ts';
import type { Place } from './lines.ts';
import type { Counts } from './skipped.ts';

/** How far the import of a folder is; written after each chunk that Postgres has committed. */
export interface Checkpoint {
  folder: string;
  /** Once the catalogue is written. */
  catalogue: { films: number; tags: number } | null;
  /** Where ratings.csv goes on; null at its beginning. */
  ratings: Place | null;
  /** Rows of ratings.csv that are watches now. */
  watches: number;
  /** Rows of ratings.csv so far, bad ones included, and the seconds that they took. */
  rows: number;
  seconds: number;
  skipped: Counts;
  /** Ids of events (UUIDv7, so in order of time) between which this import has recorded watches; the first is its begin. */
  events: { from: string; to: string };
  /** An example of what was imported. */
  mostRated: { movieId: string; ratings: number } | null;
  /** When every row was in the sources, and how many users of MovieLens there were then. */
  loadedAt: string | null;
  users: number;
  /** When every store had applied them, and how long after the last row that was. */
  finishedAt: string | null;
  catchUpSeconds: number | null;
}

export const checkpointFile = ({ home }: Settings, { hash }: Folder): string => join(home, `import-${hash}.json`);

/** The folder's checkpoint in this profile; a new one for a folder that is new or has changed. */
export function readCheckpoint(settings: Settings, folder: Folder): Checkpoint {
  const file = checkpointFile(settings, folder);
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'));
  const now = uuidv7();
  return {
    folder: folder.path,
    catalogue: null,
    ratings: null,
    watches: 0,
    rows: 0,
    seconds: 0,
    skipped: {},
    events: { from: now, to: now },
    mostRated: null,
    loadedAt: null,
    users: 0,
    finishedAt: null,
    catchUpSeconds: null,
  };
}

import { runtimeMinutes } from './catalogue.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { FileName, Folder } from './files.ts';
import { count } from './progress.ts';
import type { Counts } from './skipped.ts';

/** What an import has done, its interrupted beginnings included. */
export interface ImportSummary {
  folder: string;
  films: number;
  /** Given to films, all together. */
  tags: number;
  users: number;
  watches: number;
  /** Rows that were left out, by file and reason. */
  skipped: Counts;
  /** Files that the folder does not have. */
  missing: readonly FileName[];
  /** Rows of ratings.csv, and the time that they took into the sources. */
  rows: number;
  seconds: number;
  rowsPerSecond: number;
  /** How long after the last row every store had it; null where that is not known. */
  catchUpSeconds: number | null;
  /** Why not every store is known to have everything. */
  notApplied: string | undefined;
  /** Whether an earlier call has done it all. */
  wasDone: boolean;
}

type Outcome = Pick<ImportSummary, 'notApplied' | 'wasDone'>;

export function summaryOf(folder: Folder, checkpoint: Checkpoint, outcome: Outcome): ImportSummary {
  const { catalogue, users, watches, skipped, rows, seconds, catchUpSeconds } = checkpoint;
  return {
    ...{ users, watches, skipped, rows, seconds, catchUpSeconds, ...outcome },
    folder: folder.path,
    films: catalogue?.films ?? 0,
    tags: catalogue?.tags ?? 0,
    missing: folder.missing,
    rowsPerSecond: seconds > 0 ? rows / seconds : 0,
  };
}

const without: Partial<Record<FileName, string>> = {
  'tags.csv': 'films have no tags',
  'links.csv': 'films have no ids of IMDb and TMDB',
};

/** The summary for people, line by line. */
export function describeSummary(summary: ImportSummary): string[] {
  const { films, tags, users, watches, rows, seconds, rowsPerSecond, catchUpSeconds, notApplied } = summary;
  const skipped = Object.entries(summary.skipped).sort(([, a], [, b]) => b - a);
  const all = skipped.reduce((sum, [, rows]) => sum + rows, 0);
  return [
    `${count(films)} films with ${count(tags)} tags, ${count(users)} users, ${count(watches)} watches`,
    `${count(rows)} rows of ratings.csv in ${seconds.toFixed(1)} s: ${count(rowsPerSecond)} rows/s into the sources`,
    notApplied === undefined
      ? `every store had them ${(catchUpSeconds ?? 0).toFixed(1)} s after the last row`
      : `not every store has them yet: ${notApplied}`,
    `MovieLens knows no running times and no synopses: films have ${runtimeMinutes} minutes and none`,
    ...summary.missing.map((name) => `there is no ${name}: ${without[name]}`),
    all === 0 ? 'no row was left out' : `${count(all)} rows were left out:`,
    ...skipped.map(([kind, rows]) => `${count(rows).padStart(9)}  ${kind}`),
  ];
}

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../../config.ts';
import { writeJsonFile } from '../../stack/json-file.ts';
import type { DemoSize } from '../generate.ts';

/** What a data folder knows of its demo data. */
export interface LoadRecord {
  size: DemoSize;
  /** The generator's `now`, kept so that an interrupted load goes on with the very same data. */
  now: string;
  /** The names of the steps that are done. */
  steps: string[];
  /** How many playback reports Kafka has: it alone cannot tell a repeated one. */
  reports: number;
  /** How many views of posts it has, likewise. */
  views: number;
  /** Every store shows all of it. */
  isApplied: boolean;
}

const recordFile = (settings: Settings) => join(settings.home, 'demo-data.json');

/** The profile's record; undefined where nothing has been loaded yet. */
export function readRecord(settings: Settings): LoadRecord | undefined {
  const file = recordFile(settings);
  if (!existsSync(file)) return undefined;
  // What an older version has loaded is loaded again, which changes nothing.
  return { steps: [], reports: 0, views: 0, isApplied: false, ...JSON.parse(readFileSync(file, 'utf8')) };
}

export const writeRecord = (settings: Settings, record: LoadRecord): void =>
  writeJsonFile(recordFile(settings), record);

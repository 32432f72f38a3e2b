import type { Settings } from '../config.ts';
import { waitUntilCaughtUp } from '../fanout/caught-up.ts';
import { openPostgres } from '../subgraphs/postgres/store.ts';
import { readFilms } from './films.ts';
import { type DemoSize, generate } from './generate.ts';
import { type LoadRecord, readRecord, writeRecord } from './load/record.ts';
import { type Step, steps } from './load/steps.ts';

export type { DemoSize } from './generate.ts';

export interface LoadOptions {
  settings: Settings;
  size: DemoSize;
  onProgress(text: string): void;
}

/** Whether this profile's stores hold their demo data. */
export function isLoaded(settings: Settings): boolean {
  const record = readRecord(settings);
  return record ? record.isApplied && stepsLeft(record, settings).length === 0 : false;
}

/**
 * The moment as of which this profile's demo data was generated.
 * @throws Error when none has been loaded
 */
export function loadedAt(settings: Settings): Date {
  const record = readRecord(settings);
  if (!record) throw new Error(`${settings.profile} has no demo data`);
  return new Date(record.now);
}

/** What is to do, of the stores that run. */
const stepsLeft = ({ steps: done }: LoadRecord, { without }: Settings): Step[] =>
  steps.filter(({ name, store }) => !done.includes(name) && !without.has(store));

/**
 * Loads the demo data as users would have made it: through the commands of the sources of truth, so that it reaches the
 * derived stores by outbox, Kafka and sinks. The workers must be running. Interrupted, it goes on at the next call
 * without duplicates; what a store was left out of follows at the first call with it.
 */
export async function loadDemo({ settings, size, onProgress }: LoadOptions): Promise<void> {
  const now = new Date().toISOString();
  const record = readRecord(settings) ?? { size, now, steps: [], reports: 0, views: 0, isApplied: false };
  const save = () => writeRecord(settings, record);
  record.isApplied = false;
  save();

  const films = readFilms();
  const demo = generate({ size: record.size, now: new Date(record.now), films });
  const postgres = openPostgres(settings.postgres);
  try {
    for (const step of stepsLeft(record, settings)) {
      await step.load({ settings, films, demo, postgres, record, save, onProgress });
      record.steps.push(step.name);
      save();
    }
  } finally {
    await postgres.close();
  }
  onProgress('waiting until every store has applied them');
  await waitUntilCaughtUp(settings);
  record.isApplied = true;
  save();
}

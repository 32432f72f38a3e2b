import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeJsonFile } from './json-file.ts';
import { type Identity, isAlive } from './proc.ts';

/** What the supervisor notes about a process that it started, so that any later one can find, check and stop it. */
export interface ProcessRecord extends Identity {
  name: string;
  ports: number[];
  startedAt: string;
  /** Changes when the process would now be started in another way. */
  commandHash: string;
  stop: { signal: NodeJS.Signals; graceSeconds: number };
  /** Set by `npm run stack -- stop NAME`: its end is wanted, so the supervisor does not start it again. */
  stopWanted?: boolean;
}

const folderOf = (home: string) => join(home, 'run');
const fileOf = (home: string, name: string) => join(folderOf(home), `${name}.json`);

/** Writes the record of one process, whole or not at all. */
export function writeRecord(home: string, record: ProcessRecord): void {
  writeJsonFile(fileOf(home, record.name), record);
}

export function removeRecord(home: string, name: string): void {
  rmSync(fileOf(home, name), { force: true });
}

/** The record of a process, whether it still lives or not. */
export function readLastRecord(home: string, name: string): ProcessRecord | undefined {
  try {
    return JSON.parse(readFileSync(fileOf(home, name), 'utf8'));
  } catch {
    return undefined;
  }
}

/** The record of a process that lives. */
export function readRecord(home: string, name: string): ProcessRecord | undefined {
  const record = readLastRecord(home, name);
  return record && isAlive(record) ? record : undefined;
}

/** All processes of a profile that live, the supervisor among them. */
export function readRecords(home: string): ProcessRecord[] {
  try {
    const names = readdirSync(folderOf(home)).filter((file) => file.endsWith('.json'));
    return names.flatMap((file) => readRecord(home, file.slice(0, -'.json'.length)) ?? []);
  } catch {
    return [];
  }
}

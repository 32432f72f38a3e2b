import { readFileSync } from 'node:fs';
import { family } from './proc.ts';

/**
 * Resident memory of a process and all its descendants, in bytes. Pages that several of them share (Postgres' buffers) are
 * split among them: the sum of their proportional set sizes, see proc_pid_smaps(5).
 */
export function residentBytes(pid: number): number {
  return family(pid).reduce((sum, member) => sum + ownResidentBytes(member), 0);
}

/** Resident memory of one process without its descendants. */
export function ownResidentBytes(pid: number): number {
  // Another user's smaps are closed to all but root; its resident set size is not, and counts shared pages fully.
  return readKilobytes(`/proc/${pid}/smaps_rollup`, 'Pss') ?? readKilobytes(`/proc/${pid}/status`, 'VmRSS') ?? 0;
}

function readKilobytes(file: string, field: string): number | undefined {
  try {
    const match = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(file, 'utf8'));
    return match ? Number(match[1]) * 1024 : undefined;
  } catch {
    return undefined;
  }
}

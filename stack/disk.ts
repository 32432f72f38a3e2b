import { mkdirSync, statfsSync } from 'node:fs';
import { StackError } from './errors.ts';

/** All servers together write about 300 MB before the first byte of data: logs, write-ahead files, preallocated segments. */
export const leastFreeBytes = 500_000_000;

/** @throws StackError DISK_FULL when too little is free for servers to start in this folder */
export function requireFreeDisk(folder: string, leastBytes = leastFreeBytes): void {
  mkdirSync(folder, { recursive: true });
  const { bavail, bsize } = statfsSync(folder);
  const freeBytes = bavail * bsize;
  if (freeBytes >= leastBytes) return;
  throw new StackError(
    'DISK_FULL',
    `only ${megabytes(freeBytes)} MB are free for ${folder}, and the servers want ${megabytes(leastBytes)} MB. ` +
      'Free some space, or put the data elsewhere: STREAMSHOP_HOME=/large/disk/streamshop npm start',
  );
}

/** Whether a program's words say that the disk was full; Postgres says so in a hint when only part of a page was written. */
export function tellsOfFullDisk(words: string): boolean {
  return /no space left on device|ENOSPC|check free disk space|disk quota exceeded/i.test(words);
}

const megabytes = (bytes: number) => Math.floor(bytes / 1e6);

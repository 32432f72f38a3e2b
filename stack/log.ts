import { closeSync, existsSync, mkdirSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';

const rotateAboveBytes = 20 * 1024 * 1024;

export const logFileOf = (home: string, name: string) => join(home, 'logs', `${name}.log`);

/** Makes ready to append to a process's log; a large one becomes NAME.log.1 first, in place of the one before it. */
export function openLog(home: string, name: string): { fd: number; offset: number } {
  const file = logFileOf(home, name);
  mkdirSync(join(home, 'logs'), { recursive: true });
  if (existsSync(file) && statSync(file).size > rotateAboveBytes) renameSync(file, `${file}.1`);
  const fd = openSync(file, 'a');
  return { fd, offset: statSync(file).size };
}

/** The end of a log: what was written after `offset`, at most the last 64 kB of it. */
export function readLogTail(home: string, name: string, offset = 0): string {
  const file = logFileOf(home, name);
  if (!existsSync(file)) return '';
  const end = statSync(file).size;
  const start = Math.max(offset, end - 64 * 1024);
  const bytes = Buffer.alloc(Math.max(0, end - start));
  const fd = openSync(file, 'r');
  try {
    return bytes.toString('utf8', 0, readSync(fd, bytes, 0, bytes.length, start));
  } finally {
    closeSync(fd);
  }
}

/** The line of a log that says best why a program gave up: the last one that sounds like it, else the last one. */
export function tellingLine(log: string): string {
  const lines = log
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line && !/^at |^\s*\.\.\. \d+ more/.test(line));
  const line = lines.findLast((text) =>
    /panic|fatal|corrupt|bad file format|no space left|caused by|exception/i.test(text),
  );
  return (line ?? lines.findLast((text) => /error|fail/i.test(text)) ?? lines.at(-1) ?? 'its log is empty').slice(
    0,
    300,
  );
}

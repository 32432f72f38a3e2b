import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { StackError } from './errors.ts';
import { logFileOf, readLogTail } from './log.ts';

/**
 * The last lines of a process's log.
 * @throws StackError USAGE when there is no such log, naming those that there are
 */
export function lastLines(home: string, name: string, count: number): string {
  if (!existsSync(logFileOf(home, name))) {
    const folder = join(home, 'logs');
    const names = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.log')) : [];
    const known = names.map((file) => file.slice(0, -'.log'.length)).join(', ') || 'none yet';
    throw new StackError('USAGE', `there is no log of ${name}; there are: ${known}`);
  }
  const lines = readLogTail(home, name).trimEnd().split('\n');
  return `${lines.slice(-count).join('\n')}\n`;
}

/** Prints what is added to a log until Ctrl-C, also across its rotation. */
export async function follow(home: string, name: string): Promise<void> {
  const tail = spawn('tail', ['-n', '0', '-F', logFileOf(home, name)], { stdio: ['ignore', 'inherit', 'ignore'] });
  await once(tail, 'exit');
}

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { StackError } from './errors.ts';
import { openLog } from './log.ts';
import { family, type Identity, identify, isAlive, send } from './proc.ts';
import { type ProcessRecord, writeRecord } from './record.ts';
import type { Process } from './server.ts';

/** A process that runs, started by this supervisor or taken over from an earlier one. */
export interface Running extends Identity {
  startedAt: Date;
  /** Where in its log file this run begins. */
  logOffset: number;
  /** Resolves when it is gone, with how it ended as far as that can be known. */
  gone: Promise<string>;
}

/**
 * Starts a process in a session of its own, so that Ctrl-C in the terminal reaches the supervisor alone, with its output
 * appended to its log file, so that it outlives a supervisor that is killed.
 * @throws StackError PROGRAM_MISSING when there is no such program
 */
export async function launch(home: string, process_: Process): Promise<Running> {
  const command = await process_.command();
  const log = openLog(home, process_.name);
  const child = spawn(command.program, command.args, {
    cwd: command.cwd,
    env: { ...process.env, ...command.env },
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    ...command.user,
  });
  closeSync(log.fd);
  const gone = once(child, 'exit').then(([code, signal]) => (signal ? `killed by ${signal}` : `exit code ${code}`));
  // Looked at by whoever awaits it; a failed spawn is thrown below.
  gone.catch(() => {});
  const { pid } = child;
  if (pid === undefined) {
    const [error] = await once(child, 'error');
    throw new StackError('PROGRAM_MISSING', `${process_.name}: ${command.program} cannot be run: ${error.message}`);
  }
  // A process that is already gone has left no trace to identify it by; `gone` tells what happened.
  const identity = identify(pid) ?? { pid, startTime: '' };
  const startedAt = new Date();
  writeRecord(home, {
    ...identity,
    name: process_.name,
    ports: process_.ports,
    startedAt: startedAt.toISOString(),
    commandHash: await hashOf(process_),
    stop: process_.stop,
  });
  return { ...identity, startedAt, logOffset: log.offset, gone };
}

/** Takes over a process that an earlier supervisor started. It is nobody's child here, so its end is noticed by looking. */
export function adopt(record: ProcessRecord): Running {
  const { pid, startTime } = record;
  return {
    pid,
    startTime,
    startedAt: new Date(record.startedAt),
    logOffset: 0,
    gone: untilGone(record).then(() => 'its end'),
  };
}

async function untilGone(identity: Identity): Promise<void> {
  while (isAlive(identity)) await sleep(100);
}

/** A mark of how a process is started: when it differs, the one that runs is not the one that is wanted. */
export async function hashOf(process_: Process): Promise<string> {
  const { program, args, env } = await process_.command();
  return createHash('sha256')
    .update(JSON.stringify([program, args, env, process_.ports]))
    .digest('hex')
    .slice(0, 16);
}

/** Ends a process: its signal, time to put things in order, then SIGKILL for it and all its descendants. */
export async function end(identity: Identity, { signal, graceSeconds }: Process['stop']): Promise<void> {
  if (!isAlive(identity)) return;
  const { pid } = identity;
  // A stopped (SIGSTOP) process takes no signal but SIGKILL until it goes on.
  for (const member of family(pid)) send(member, 'SIGCONT');
  send(pid, signal);
  const gone = untilGone(identity).then(() => true);
  if (await Promise.race([gone, sleep(graceSeconds * 1000, false, { ref: false })])) return;
  for (const member of family(pid)) send(member, 'SIGKILL');
  await gone;
}

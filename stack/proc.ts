import { readdirSync, readFileSync } from 'node:fs';

/**
 * A process as the kernel knows it. A pid alone is not enough: pids are used again, so the time at which the process
 * started (in clock ticks since boot) goes with it.
 */
export interface Identity {
  pid: number;
  startTime: string;
}

interface Stat extends Identity {
  parentPid: number;
  state: string;
}

/** Reads /proc/PID/stat (see proc_pid_stat(5)), or gives undefined when there is no such process. */
function stat(pid: number): Stat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The second field is the program's name in parentheses, which may itself hold spaces and parentheses.
  const [state = '', parentPid, ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { pid, state, parentPid: Number(parentPid), startTime: rest[17] ?? '' };
}

/** The identity of a living process, or undefined. A zombie (dead, but not yet collected by its parent) counts as dead. */
export function identify(pid: number): Identity | undefined {
  const found = stat(pid);
  return found && found.state !== 'Z' && found.state !== 'X' ? { pid, startTime: found.startTime } : undefined;
}

/** Whether this very process still lives, and not another one that has been given its pid. */
export function isAlive({ pid, startTime }: Identity): boolean {
  return identify(pid)?.startTime === startTime;
}

/** A process and all that descend from it: a Postgres server has a process per connection, each in its own group. */
export function family(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const found = /^\d+$/.test(name) ? stat(Number(name)) : undefined;
    if (found) children.set(found.parentPid, [...(children.get(found.parentPid) ?? []), found.pid]);
  }
  const members = [pid];
  // The loop sees the members that it adds.
  for (const member of members) members.push(...(children.get(member) ?? []));
  return members;
}

/** Sends a signal, and gives false when nobody is there to take it. */
export function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** The program of a process, as one would name it to a person. */
export function programOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return 'unknown';
  }
}

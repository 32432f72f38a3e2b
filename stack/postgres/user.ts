import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Command } from '../server.ts';

export interface User {
  uid: number;
  gid: number;
}

/**
 * The user to run Postgres as, which refuses to run as root. Where the supervisor is root it is the data folder's owner, at
 * first `nobody`, the one unprivileged user that every system has; else there is nothing to change.
 */
export function userFor(data: string): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  if (!existsSync(data)) return nobody();
  const { uid, gid } = statSync(data);
  return uid === 0 ? nobody() : { uid, gid };
}

/**
 * Makes a command run as a user.
 * @param paths files and folders that it must reach
 */
export function runAs(user: User | undefined, command: Command, paths: string[]): Command {
  if (!user) return command;
  if (paths.every((path) => isOpenToAll(dirname(path)))) return { ...command, user };
  // A clone under /root, say, is closed to all others. Moving the data elsewhere would hide it, so the program keeps the one
  // right of root that opens folders, and no other (capabilities(7), setpriv(1)).
  const only = '-all,+dac_override';
  const rights = [`--bounding-set=${only}`, `--inh-caps=${only}`, `--ambient-caps=${only}`];
  const drop = [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', ...rights];
  return { ...command, program: 'setpriv', args: [...drop, command.program, ...command.args] };
}

function nobody(): User {
  const match = /^nobody:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8'));
  return { uid: Number(match?.[1] ?? 65534), gid: Number(match?.[2] ?? 65534) };
}

/** Whether a folder, and every one that it lies in, may be passed through by everybody. */
function isOpenToAll(folder: string): boolean {
  const parent = dirname(folder);
  return (statSync(folder).mode & 0o001) !== 0 && (parent === folder || isOpenToAll(parent));
}

import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { reasonOf, StackError } from './errors.ts';

const run = promisify(execFile);

/** A program that only the system's package manager has. */
export interface SystemProgram {
  /** As it is called, and as Debian's package is named. */
  name: string;
  /** What to do where it may not be installed: whole sentences. */
  otherwise: string;
}

/**
 * Installs a program where that may be done without asking: as root on a Debian-like system.
 * @throws StackError PROGRAM_MISSING elsewhere, saying what to do; INSTALL_FAILED with apt's reason
 */
export async function installProgram(
  { name, otherwise }: SystemProgram,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  if (await onPath(name, env)) return;
  if (process.getuid?.() !== 0 || !(await onPath('apt-get', env))) {
    throw new StackError('PROGRAM_MISSING', `${name} is not installed. ${otherwise}`);
  }
  // RUNLEVEL=1 keeps a package from starting a server of its own.
  const quiet = { env: { ...env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }, maxBuffer: 16 * 1024 * 1024 };
  try {
    await run('apt-get', ['update', '-qq'], quiet);
    await run('apt-get', ['install', '-qq', '-y', '--no-install-recommends', name], quiet);
  } catch (error) {
    const reason = /^E: .*$/m.exec((error as { stderr?: string }).stderr ?? '')?.[0] ?? reasonOf(error);
    throw new StackError('INSTALL_FAILED', `apt-get could not install ${name}: ${reason}`);
  }
}

async function onPath(program: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const tries = (env.PATH ?? '').split(delimiter).map((folder) => access(join(folder, program), constants.X_OK));
  return (await Promise.allSettled(tries)).some(({ status }) => status === 'fulfilled');
}

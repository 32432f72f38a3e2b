import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { reasonOf, StackError } from './errors.ts';

const run = promisify(execFile);

/** A machine may be installing its nightly updates just now; apt-get gives up at once otherwise. */
const patience = ['-o', 'DPkg::Lock::Timeout=120'];

/** A program that only the system's package manager has. */
export interface SystemProgram {
  /** As it is called, and as Debian's package is named. */
  name: string;
  /** What to do where it may not be installed: whole sentences. */
  otherwise: string;
}

/**
 * Installs a program where that may be done without asking: as root on a Debian-like system.
 * @returns its path
 * @throws StackError PROGRAM_MISSING elsewhere, saying what to do; INSTALL_FAILED with apt's reason
 */
export async function installProgram(
  { name, otherwise }: SystemProgram,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const found = await onPath(name, env);
  if (found) return found;
  if (process.getuid?.() !== 0 || !(await onPath('apt-get', env))) {
    throw new StackError('PROGRAM_MISSING', `${name} is not installed. ${otherwise}`);
  }
  // RUNLEVEL=1 keeps a package from starting a server of its own.
  const quiet = { env: { ...env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }, maxBuffer: 16 * 1024 * 1024 };
  try {
    await run('apt-get', ['update', '-qq', ...patience], quiet);
    await run('apt-get', ['install', '-qq', '-y', '--no-install-recommends', ...patience, name], quiet);
  } catch (error) {
    const reason = /^E: .*$/m.exec((error as { stderr?: string }).stderr ?? '')?.[0] ?? reasonOf(error);
    throw new StackError('INSTALL_FAILED', `apt-get could not install ${name}: ${reason}`);
  }
  const installed = await onPath(name, env);
  if (!installed) throw new StackError('INSTALL_FAILED', `apt-get installed ${name}, but it is nowhere on the PATH`);
  return installed;
}

/** Where a program is that a shell would start. */
async function onPath(program: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    const path = join(folder, program);
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}

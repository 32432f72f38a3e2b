import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants, existsSync, readFileSync } from 'node:fs';
import { access, rename, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { tellsOfFullDisk } from './disk.ts';
import { reasonOf, StackError } from './errors.ts';
import { waitForLock } from './lock.ts';

const run = promisify(execFile);

/** The oldest Python that the packages used here have wheels for. */
const oldestMinor = 10;
/** What a system may call it; the plain names first, since that is the one that people keep in order. */
const programs = ['python3', 'python', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10'];

/** A Python that can make virtual environments. */
export interface Python {
  program: string;
  /** Such as `3.11.7`. */
  version: string;
}

/**
 * Finds Python 3.10 or newer on PATH, with the modules that make a virtual environment: Debian packs those apart.
 * @param wantedBy who needs it: a server's name
 * @throws StackError PROGRAM_MISSING, saying what was found and what to install
 */
export async function findPython(wantedBy: string, env: NodeJS.ProcessEnv = process.env): Promise<Python> {
  const found: string[] = [];
  for (const program of await onPath(programs, env)) {
    const version = await answerOf(program, 'import platform; print(platform.python_version())');
    const [major = 0, minor = 0] = version?.split('.').map(Number) ?? [];
    if (!version || major !== 3 || minor < oldestMinor) {
      found.push(`${version ?? 'none that runs'} as ${program}`);
    } else if ((await answerOf(program, 'import ensurepip, venv; print("ok")')) !== 'ok') {
      found.push(`${version} as ${program}, without the modules venv and ensurepip`);
    } else {
      return { program, version };
    }
  }
  throw new StackError(
    'PROGRAM_MISSING',
    `${wantedBy} needs Python 3.${oldestMinor} or newer with its module venv; found: ${found.join('; ') || 'none'}. ` +
      'Install it (Debian: apt-get install python3 python3-venv), ' +
      `or leave the server out: npm start -- --without ${wantedBy}`,
  );
}

/**
 * Puts packages from PyPI into a virtual environment of their own. Once: a marker in the folder holds what was installed,
 * so only other requirements, or another Python, install again.
 * @param folder becomes the virtual environment, when it is whole
 * @param requirements a requirements.txt
 * @returns the path of its `python`
 * @throws StackError PROGRAM_MISSING, DISK_FULL, or INSTALL_FAILED with pip's own reason
 */
export async function installPackages(name: string, folder: string, requirements: string): Promise<string> {
  const python = await findPython(name);
  const wanted = createHash('sha256')
    .update(readFileSync(requirements))
    .update(JSON.stringify([python.program, python.version]))
    .digest('hex');
  const marker = join(folder, '.installed-sha256');
  const inside = pythonIn(folder);
  const isInstalled = () => existsSync(inside) && existsSync(marker) && readFileSync(marker, 'utf8') === wanted;
  if (isInstalled()) return inside;

  using _ = await waitForLock(`${folder}.lock`);
  if (isInstalled()) return inside;
  // A half-filled folder is never mistaken for a whole one: it gets its name only when it is complete.
  const fresh = `${folder}.new`;
  await rm(fresh, { recursive: true, force: true });
  await runPython(name, python.program, ['-m', 'venv', fresh]);
  await runPython(name, pythonIn(fresh), [
    '-m',
    'pip',
    'install',
    ...quietly,
    '--only-binary=:all:',
    '-r',
    requirements,
  ]);
  await writeFile(join(fresh, '.installed-sha256'), wanted);
  await rm(folder, { recursive: true, force: true });
  await rename(fresh, folder);
  return inside;
}

/** Options of pip: it never asks, and speaks of failures only. */
export const quietly = ['--quiet', '--no-input', '--disable-pip-version-check', '--no-cache-dir'];

/**
 * Runs Python to its end.
 * @throws StackError DISK_FULL, or INSTALL_FAILED with the last line that tells why
 */
export async function runPython(name: string, program: string, args: string[]): Promise<void> {
  try {
    await run(program, args, { maxBuffer: 64 * 1024 * 1024 });
  } catch (error) {
    const words = (error as { stderr?: string }).stderr ?? '';
    if (tellsOfFullDisk(words)) {
      throw new StackError('DISK_FULL', `${name} could not be installed: the disk is full`);
    }
    const lines = words.trim().split('\n');
    const reason = lines.findLast((line) => /^(ERROR:|\w*Error:)/.test(line)) ?? lines.at(-1);
    throw new StackError('INSTALL_FAILED', `${name} could not be installed by Python: ${reason || reasonOf(error)}`);
  }
}

export const pythonIn = (folder: string) => join(folder, 'bin', 'python');

async function answerOf(program: string, code: string): Promise<string | undefined> {
  try {
    return (await run(program, ['-c', code])).stdout.trim();
  } catch {
    return undefined;
  }
}

async function onPath(names: readonly string[], env: NodeJS.ProcessEnv): Promise<string[]> {
  const folders = (env.PATH ?? '').split(delimiter).filter(Boolean);
  const candidates = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  const tries = await Promise.allSettled(candidates.map((program) => access(program, constants.X_OK)));
  return candidates.filter((_, index) => tries[index]?.status === 'fulfilled');
}

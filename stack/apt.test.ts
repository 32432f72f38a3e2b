import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { installProgram } from './apt.ts';

const harp = { name: 'harp', otherwise: 'Install it.' };
let folder: string;
let env: NodeJS.ProcessEnv;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'streamshop-apt-'));
  for (const name of ['first', 'second']) mkdirSync(join(folder, name));
  env = { PATH: [join(folder, 'first'), join(folder, 'second')].join(delimiter) };
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const write = (path: string, lines: readonly string[] = []) =>
  writeFileSync(join(folder, path), ['#!/bin/sh', ...lines].join('\n'), { mode: 0o755 });

/** In place of the system's: it notes how it was called. */
const writeApt = (...lines: string[]) => write('first/apt-get', [`echo "$@" >> '${join(folder, 'calls')}'`, ...lines]);

const asUser = (uid: number) => vi.spyOn(process as { getuid(): number }, 'getuid').mockReturnValue(uid);

test('a program that is there is given as a shell would find it, and nothing is installed', async () => {
  asUser(0);
  writeApt('exit 1');
  write('second/harp');
  expect(await installProgram(harp, env)).toBe(join(folder, 'second', 'harp'));
  writeFileSync(join(folder, 'first', 'harp'), 'no program', { mode: 0o644 });
  expect(await installProgram(harp, env)).toBe(join(folder, 'second', 'harp'));
  chmodSync(join(folder, 'first', 'harp'), 0o755);
  expect(await installProgram(harp, env)).toBe(join(folder, 'first', 'harp'));
});

test('root has it installed, waits for others who install something, and is told where it is', async () => {
  asUser(0);
  const harpist = join(folder, 'second', 'harp');
  writeApt(`[ "$1" = update ] || { : > '${harpist}'; /bin/chmod 755 '${harpist}'; }`);
  expect(await installProgram(harp, env)).toBe(harpist);
  const calls = readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');
  expect(calls).toEqual([expect.stringMatching(/^update /), expect.stringMatching(/^install .* harp$/)]);
  for (const call of calls) expect(call).toMatch(/ -o DPkg::Lock::Timeout=\d+( |$)/);
});

test('anybody else is told what to do, and root why it could not be installed', async () => {
  asUser(1_000);
  writeApt();
  await expect(installProgram(harp, env)).rejects.toMatchObject({
    code: 'PROGRAM_MISSING',
    message: 'harp is not installed. Install it.',
  });
  asUser(0);
  await expect(installProgram(harp, env)).rejects.toMatchObject({
    code: 'INSTALL_FAILED',
    message: 'apt-get installed harp, but it is nowhere on the PATH',
  });
  writeApt('echo "E: Unable to locate package harp" >&2', 'exit 100');
  await expect(installProgram(harp, env)).rejects.toMatchObject({
    code: 'INSTALL_FAILED',
    message: 'apt-get could not install harp: E: Unable to locate package harp',
  });
});

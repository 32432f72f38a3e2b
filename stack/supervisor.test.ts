import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { expect, test } from 'vitest';
import { identify, isAlive } from './proc.ts';
import { readRecord, readRecords } from './record.ts';
import { type Process, serverProcesses } from './server.ts';
import { createSupervisor, type StackEvent, type Supervisor } from './supervisor.ts';
import { runCli, serversBut, type TestProfile, testProfile } from './testing.ts';

const portOffset = 600;

/** A supervisor of Postgres and Redis inside the test, and a way to wait for what it reports. */
async function startLight(profile: TestProfile, more: Process[] = []) {
  const events: StackEvent[] = [];
  const waiting = new Set<() => void>();
  const stack: Supervisor = await createSupervisor({
    settings: profile.settings,
    processes: [...(await serverProcesses(profile.settings, profile.env)), ...more],
    onEvent(event) {
      events.push(event);
      for (const look of waiting) look();
    },
  });
  await stack.startAll();
  /** The next event of this kind after those already seen. */
  const next = (name: string, state: StackEvent['state']) => {
    const seen = events.length;
    return new Promise<StackEvent>((resolve) => {
      waiting.add(() => {
        const event = events.slice(seen).find((each) => each.name === name && each.state === state);
        if (event) resolve(event);
      });
    });
  };
  return { stack, next };
}

async function inPostgres<T>({ settings }: TestProfile, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: settings.postgres.url });
  // The server is killed while clients are connected.
  client.on('error', () => {});
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

async function inRedis<T>({ settings }: TestProfile, use: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(settings.redis.url, { lazyConnect: true, retryStrategy: null });
  client.on('error', () => {});
  await client.connect();
  try {
    return await use(client);
  } finally {
    client.disconnect();
  }
}

test('a server that is killed comes back with every acknowledged write', { timeout: 60_000 }, async () => {
  await using profile = testProfile(portOffset);
  const { stack, next } = await startLight(profile);
  await inPostgres(profile, (client) => client.query('CREATE TABLE kept (id int)'));
  await inPostgres(profile, (client) => client.query('INSERT INTO kept VALUES (1), (2)'));
  await inRedis(profile, (client) => client.set('kept', '3'));

  const pids = stack.status().map(({ pid }) => pid);
  const back = [next('postgres', 'ready'), next('redis', 'ready')];
  await Promise.all([stack.kill('postgres'), stack.kill('redis')]);
  await Promise.all(back);

  expect(stack.status().map(({ state }) => state)).toEqual(['ready', 'ready']);
  expect(stack.status().map(({ pid }) => pid)).not.toEqual(pids);
  expect(await inPostgres(profile, async (client) => (await client.query('SELECT id FROM kept')).rows)).toHaveLength(2);
  expect(await inRedis(profile, (client) => client.get('kept'))).toBe('3');
  await stack.stop();
});

test('stop leaves no process, no record of one, and a profile that can be started again', {
  timeout: 60_000,
}, async () => {
  await using profile = testProfile(portOffset);
  for (const _ of ['first', 'second']) {
    const { stack } = await startLight(profile);
    const running = stack.status().flatMap(({ pid }) => (pid ? (identify(pid) ?? []) : []));
    expect(running).toHaveLength(2);
    await stack.stop();
    expect(running.filter(isAlive)).toEqual([]);
    expect(readRecords(profile.home)).toEqual([]);
  }
});

test('a process that keeps dying is given up with one line', { timeout: 60_000 }, async () => {
  await using profile = testProfile(portOffset, { STREAMSHOP_WITHOUT: serversBut('redis') });
  // Lives until the file is there: after that it dies at once.
  const marker = `${profile.home}/dies`;
  const doomed: Process = {
    name: 'doomed',
    ports: [],
    command: () => ({
      program: 'sh',
      args: ['-c', `if [ -e ${marker} ]; then echo no more; exit 3; fi; touch ${marker}; sleep 600`],
    }),
    ready: async () => {
      if (!existsSync(marker)) throw new Error('not yet');
      // Dies within this time or lives.
      await sleep(200);
    },
    readyWithinSeconds: 5,
    stop: { signal: 'SIGTERM', graceSeconds: 1 },
  };
  const { stack, next } = await startLight(profile, [doomed]);
  const failed = next('doomed', 'failed');
  await stack.kill('doomed');
  const { error } = await failed;
  expect(error?.code).toBe('KEEPS_DYING');
  expect(error?.message).toMatch(/^doomed died 6 times in a row \(last: .*no more.*doomed\.log, then start again$/);
  // The others are not touched.
  expect(stack.status().find(({ name }) => name === 'redis')?.state).toBe('ready');
  await stack.stop();
});

test('a paused server stands still and answers again when it goes on', { timeout: 60_000 }, async () => {
  await using profile = testProfile(portOffset);
  const { stack } = await startLight(profile);
  await inPostgres(profile, async (client) => {
    stack.pause('postgres');
    const answer = client.query('SELECT 1 AS one').then(({ rows }) => rows);
    expect(await Promise.race([answer, sleep(300, 'silence')])).toBe('silence');
    stack.resume('postgres');
    expect(await answer).toEqual([{ one: 1 }]);
  });
  await stack.stop();
});

test('stopOne leaves a server stopped until startOne', { timeout: 60_000 }, async () => {
  await using profile = testProfile(portOffset);
  const { stack } = await startLight(profile);
  await stack.stopOne('redis');
  expect(stack.status().map(({ state }) => state)).toEqual(['ready', 'stopped']);
  await expect(inRedis(profile, (client) => client.ping())).rejects.toThrow();
  await stack.start('redis');
  expect(await inRedis(profile, (client) => client.ping())).toBe('PONG');
  await stack.stop();
});

test('a second start is refused with one line and a non-zero exit', { timeout: 60_000 }, async () => {
  await using profile = testProfile(portOffset);
  const { stack } = await startLight(profile);
  const { exitCode, output } = await runCli(['up'], profile.env).ended;
  expect(exitCode).toBe(1);
  expect(output).toBe(
    `the stacktest stack is already running (pid ${process.pid}). See it: npm run stack -- status. Stop it: npm run stack -- stop\n`,
  );
  await stack.stop();
});

test('after kill -9 of the supervisor the next start goes on with the servers that it left', {
  timeout: 60_000,
}, async () => {
  await using profile = testProfile(portOffset);
  const first = runCli(['up'], profile.env);
  await first.says('all servers answer');
  await inRedis(profile, (client) => client.set('kept', '1'));
  const left = ['postgres', 'redis'].map((name) => readRecord(profile.home, name));
  first.child.kill('SIGKILL');
  await first.ended;

  const second = runCli(['up'], profile.env);
  await second.says('all servers answer');
  expect(['postgres', 'redis'].map((name) => readRecord(profile.home, name))).toEqual(left);
  expect(await inRedis(profile, (client) => client.get('kept'))).toBe('1');

  // What was adopted is kept running like everything else, and stopped as well.
  const redis = readRecord(profile.home, 'redis');
  process.kill(redis?.pid ?? 0, 'SIGKILL');
  await second.says('redis        restarting');
  await second.says('redis        starting');
  await expect.poll(() => readRecord(profile.home, 'redis')?.pid ?? redis?.pid).not.toBe(redis?.pid);
  second.child.kill('SIGTERM');
  const { exitCode, output } = await second.ended;
  expect(output.match(/ready: adopted/g)).toHaveLength(2);
  expect(exitCode).toBe(0);
  expect(readRecords(profile.home)).toEqual([]);
});

test('a server named in the environment is checked, not started', { timeout: 60_000 }, async () => {
  await using elsewhere = testProfile(portOffset);
  const { stack } = await startLight(elsewhere);
  await using profile = testProfile(portOffset + 20, {
    REDIS_URL: elsewhere.settings.redis.url,
    POSTGRES_URL: elsewhere.settings.postgres.url,
  });
  const up = runCli(['up'], profile.env);
  await up.says('all servers answer');
  expect(readRecords(profile.home).map(({ name }) => name)).toEqual(['supervisor']);
  up.child.kill('SIGTERM');
  expect((await up.ended).output).toContain('redis        ready: elsewhere (REDIS_URL)');
  // Stopping the profile has not stopped what is not its own.
  expect(await inRedis(elsewhere, (client) => client.ping())).toBe('PONG');
  await stack.stop();
});

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { readSettings } from '../config.ts';
import { installJars } from './jars.ts';
import { findJava } from './jdk.ts';
import { readRecord } from './record.ts';
import { installRedis } from './redis/server.ts';
import { discoverServers, type Process, serverProcesses } from './server.ts';
import { createSupervisor } from './supervisor.ts';
import { runCli, serversBut, type TestProfile, testProfile } from './testing.ts';

const portOffset = 640;
const only = (name: string) => ({ STREAMSHOP_WITHOUT: serversBut(name) });

afterEach(() => vi.unstubAllEnvs());

/** What `npm run stack -- up` prints as its last word, and that it fails and says it in one line. */
async function failureOf({ env }: TestProfile): Promise<string> {
  const { exitCode, output } = await runCli(['up'], env).ended;
  expect(exitCode).toBe(1);
  expect(output).not.toMatch(/^ {4}at /m);
  return output.trimEnd().split('\n').at(-1) ?? '';
}

async function startAndStop(profile: TestProfile): Promise<void> {
  const up = runCli(['up'], profile.env);
  await up.says('all servers answer');
  up.child.kill('SIGTERM');
  expect((await up.ended).exitCode).toBe(0);
}

test('a port in use is named, with who holds it', { timeout: 30_000 }, async () => {
  await using profile = testProfile(portOffset, only('redis'));
  const squatter = createServer().listen(Number(new URL(profile.settings.redis.url).port), '127.0.0.1');
  await once(squatter, 'listening');
  try {
    const line = await failureOf(profile);
    expect(line).toMatch(
      new RegExp(
        `^redis needs port 17019, but .+ \\(pid ${process.pid}\\) listens there\\. Stop it, or move all ports: `,
      ),
    );
  } finally {
    squatter.close();
  }
});

test('a missing JDK is named, with those that were found', () => {
  const folder = mkdtempSync(join(tmpdir(), 'streamshop-jdk-'));
  try {
    const jdks = { env: { PATH: '' }, folders: [folder] };
    expect(() => findJava('kafka', { atLeast: 17 }, jdks)).toThrow(
      /^kafka needs JDK 17 or newer; found: none\. Install one/,
    );

    const jdk = join(folder, 'jdk-25');
    mkdirSync(join(jdk, 'bin'), { recursive: true });
    writeFileSync(join(jdk, 'bin', 'java'), '');
    writeFileSync(join(jdk, 'release'), 'IMPLEMENTOR="Someone"\nJAVA_VERSION="25.0.1"\n');
    expect(findJava('kafka', { atLeast: 17 }, jdks)).toBe(join(jdk, 'bin', 'java'));
    expect(() => findJava('cassandra', { exactly: 17 }, jdks)).toThrow(
      `cassandra needs JDK 17 exactly; found: 25 in ${jdk}. Install one (Debian: apt-get install openjdk-17-jre-headless), ` +
        'set JAVA_HOME, or leave the server out: npm start -- --without cassandra',
    );

    const elasticsearch = () => findJava('elasticsearch', { atLeast: 21, withCompiler: true }, jdks);
    expect(elasticsearch).toThrow(
      `elasticsearch needs JDK 21 or newer, with javac; found: 25 in ${jdk} (no javac). Install one (Debian 13 or newer: ` +
        'apt-get install openjdk-21-jdk-headless; for other systems: https://adoptium.net), set JAVA_HOME, or leave ',
    );
    writeFileSync(join(jdk, 'bin', 'javac'), '');
    expect(elasticsearch()).toBe(join(jdk, 'bin', 'java'));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('missing Maven and missing redis-server are named, with what to install', async () => {
  await using profile = testProfile(portOffset);
  vi.stubEnv('PATH', '');
  const place = {
    settings: readSettings(profile.env),
    folder: join(profile.home, 's3'),
    data: join(profile.home, 's3', 'data'),
    lib: join(profile.home, 'lib', 's3'),
    port: () => 0,
    java: () => '/usr/bin/java',
  };
  const pom = join(import.meta.dirname, 's3', 'pom.xml');
  await expect(installJars('s3', pom, place)).rejects.toMatchObject({
    code: 'PROGRAM_MISSING',
    message: expect.stringMatching(/^s3 is fetched by Maven, which is not installed\. Install it/),
  });
  await expect(installRedis()).rejects.toMatchObject({
    code: 'PROGRAM_MISSING',
    message: expect.stringMatching(/^redis-server is not installed\. Install it/),
  });
});

test("Postgres' damaged data folder is told by its own words, with what to do", { timeout: 60_000 }, async () => {
  await using profile = testProfile(portOffset, only('postgres'));
  await startAndStop(profile);
  const data = join(profile.home, 'postgres', 'data');
  truncateSync(join(data, 'global', 'pg_control'), 10);
  const line = await failureOf(profile);
  expect(line).toMatch(/^postgres stopped while starting \([^)]+\): ".*(PANIC|FATAL):.*pg_control.*"/);
  expect(line).toContain(join(profile.home, 'logs', 'postgres.log'));
  expect(line).toContain(`restore ${data} from a backup, or delete this profile's data: npm run stack -- reset`);
});

test("Redis' damaged data folder is told by its own words, with what to do", { timeout: 60_000 }, async () => {
  await using profile = testProfile(portOffset, only('redis'));
  await startAndStop(profile);
  const appendOnly = join(profile.home, 'redis', 'data', 'appendonlydir');
  const file = readdirSync(appendOnly).find((name) => name.endsWith('.incr.aof')) ?? '';
  writeFileSync(join(appendOnly, file), '*3\r\n$3\r\nSET\r\n$1\r\nthis is no append-only file');
  const line = await failureOf(profile);
  expect(line).toMatch(
    /^redis stopped while starting \(exit code 1\): ".*Bad file format reading the append only file.*"/,
  );
  expect(line).toContain(`restore ${join(profile.home, 'redis', 'data')} from a backup`);
});

/** A real file system that is full: a small one in memory. */
function mountSmall(megabytes: number): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'streamshop-small-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], { stdio: 'ignore' });
    return folder;
  } catch {
    rmSync(folder, { recursive: true });
    return undefined;
  }
}

test('a disk with too little room is refused before anything starts', { timeout: 30_000 }, async ({ skip }) => {
  const disk = mountSmall(16);
  if (!disk) return skip('mounting a small file system takes root');
  try {
    await using profile = testProfile(portOffset, { ...only('redis'), STREAMSHOP_HOME: join(disk, 'home') });
    const line = await failureOf(profile);
    expect(line).toMatch(
      /^only 16 MB are free for .*, and the servers want 500 MB\. Free some space, or put the data elsewhere: /,
    );
  } finally {
    execFileSync('umount', [disk]);
    rmSync(disk, { recursive: true });
  }
});

test('a disk that fills up while a server starts is named as the reason', { timeout: 60_000 }, async ({ skip }) => {
  const disk = mountSmall(20);
  if (!disk) return skip('mounting a small file system takes root');
  try {
    await using profile = testProfile(portOffset, { ...only('postgres'), STREAMSHOP_HOME: join(disk, 'home') });
    const { settings, env } = profile;
    const stack = await createSupervisor({
      settings,
      processes: await serverProcesses(settings, env),
      leastFreeBytes: 0,
    });
    await expect(stack.startAll()).rejects.toMatchObject({
      code: 'DISK_FULL',
      message: expect.stringContaining('the disk is full'),
    });
    await stack.stop();
  } finally {
    execFileSync('umount', [disk]);
    rmSync(disk, { recursive: true });
  }
});

test('a process that never answers is ended, and named with the last words of its log', {
  timeout: 30_000,
}, async () => {
  await using profile = testProfile(portOffset);
  const mute: Process = {
    name: 'mute',
    ports: [],
    command: () => ({ program: 'sh', args: ['-c', 'echo still thinking; sleep 600'] }),
    ready: () => Promise.reject(new Error('no answer')),
    readyWithinSeconds: 1,
    stop: { signal: 'SIGTERM', graceSeconds: 1 },
  };
  const stack = await createSupervisor({ settings: profile.settings, processes: [mute] });
  await expect(stack.startAll()).rejects.toMatchObject({
    code: 'START_TIMEOUT',
    message: `mute did not answer within 1 s: no answer. Its log: "still thinking" (${profile.home}/logs/mute.log)`,
  });
  expect(readRecord(profile.home, 'mute')).toBeUndefined();
  await stack.stop();
});

test('a server elsewhere that does not answer is named with its variable', { timeout: 30_000 }, async () => {
  await using profile = testProfile(portOffset, { ...only('redis'), REDIS_URL: 'redis://127.0.0.1:1' });
  expect(await failureOf(profile)).toBe(
    'redis does not answer where REDIS_URL points: connect ECONNREFUSED 127.0.0.1:1. Correct it, or unset it to have one started here',
  );
});

test('every folder with a server.ts is a server of that name', async () => {
  const folders = readdirSync(import.meta.dirname).filter((name) =>
    existsSync(join(import.meta.dirname, name, 'server.ts')),
  );
  const servers = await discoverServers();
  expect(servers.map(({ name }) => name)).toEqual(folders.sort());
});

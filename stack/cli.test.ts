import { appendFileSync, existsSync, mkdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLog, tellingLine } from './log.ts';
import { isAlive } from './proc.ts';
import { readRecord, readRecords } from './record.ts';
import { runCli, testProfile } from './testing.ts';

const portOffset = 680;

test('status, logs, stop and reset work from another terminal', { timeout: 60_000 }, async () => {
  await using profile = testProfile(portOffset, { NO_COLOR: '1', FORCE_COLOR: undefined });
  const stack = (...args: string[]) => runCli(args, profile.env).ended;
  const up = runCli(['up'], profile.env);
  await up.says('all servers answer');

  const { output: table, exitCode } = await stack('status');
  expect(exitCode).toBe(0);
  expect(table).toMatch(/^NAME +STATE +PID +PORT +UPTIME +MB$/m);
  expect(table).toMatch(/^postgres +ready +\d+ +16112 +\d+ s +\d+$/m);
  expect(table).toMatch(/^redis +ready +\d+ +17059 +\d+ s +\d+$/m);
  expect(table).toMatch(/^total +\d+$/m);
  for (const line of table.split('\n')) expect(line.length).toBeLessThanOrEqual(80);

  expect((await stack('logs', 'redis', '-n', '1')).output).toMatch(/Ready to accept connections.*\n$/);
  expect(await stack('logs', 'nothing')).toEqual({
    exitCode: 1,
    output: 'there is no log of nothing; there are: postgres, redis\n',
  });
  const refused = await stack('reset', '--yes');
  expect(refused.exitCode).toBe(1);
  expect(refused.output).toMatch(/^still running: postgres, redis, supervisor\. Stop them first/);

  // A server stopped by hand stays stopped, and the supervisor goes on with the others.
  const redis = readRecord(profile.home, 'redis');
  expect(await stack('stop', 'redis')).toEqual({ exitCode: 0, output: 'redis is stopped\n' });
  await up.says('redis        stopped: by npm run stack -- stop');
  expect(redis && isAlive(redis)).toBe(false);
  expect((await stack('status')).output).toMatch(/^redis +stopped +- +- +- +-$/m);

  expect(await stack('stop')).toEqual({ exitCode: 0, output: 'the stacktest stack is stopped\n' });
  expect((await up.ended).exitCode).toBe(0);
  expect(readRecords(profile.home)).toEqual([]);
  expect(await stack('stop')).toEqual({ exitCode: 0, output: 'the stacktest stack is not running\n' });

  const unasked = await stack('reset');
  expect(unasked).toEqual({
    exitCode: 1,
    output: 'reset asks before it deletes; where nobody can answer, say --yes\n',
  });
  expect((await stack('reset', '--yes')).exitCode).toBe(0);
  expect(existsSync(profile.home)).toBe(false);
});

test('stop ends servers whose supervisor was killed', { timeout: 60_000 }, async () => {
  await using profile = testProfile(portOffset);
  const up = runCli(['up'], profile.env);
  await up.says('all servers answer');
  const left = readRecords(profile.home).filter(({ name }) => name !== 'supervisor');
  up.child.kill('SIGKILL');
  await up.ended;
  expect(left.filter(isAlive)).toHaveLength(2);
  expect((await runCli(['stop'], profile.env).ended).exitCode).toBe(0);
  expect(left.filter(isAlive)).toEqual([]);
});

test('an unknown command and an unknown option are one line and a non-zero exit', { timeout: 30_000 }, async () => {
  await using profile = testProfile(portOffset);
  for (const args of [['begin'], ['stop', '--hard']]) {
    const { exitCode, output } = await runCli(args, profile.env).ended;
    expect(exitCode).toBe(1);
    expect(output.trimEnd().split('\n')).toHaveLength(1);
  }
});

test('a log above 20 MB is moved aside at the next start', async () => {
  await using profile = testProfile(portOffset);
  const file = join(profile.home, 'logs', 'redis.log');
  mkdirSync(join(profile.home, 'logs'));
  writeFileSync(file, 'old');
  expect(openLog(profile.home, 'redis').offset).toBe(3);
  truncateSync(file, 21 * 1024 * 1024);
  expect(openLog(profile.home, 'redis').offset).toBe(0);
  expect(statSync(`${file}.1`).size).toBe(21 * 1024 * 1024);
  appendFileSync(file, 'new');
});

test('the telling line of a log is the last that names a failure, not the trace below it', () => {
  const log = [
    'INFO starting',
    'ERROR Exiting due to error',
    'java.io.IOException: damaged',
    '  at a.b.C(D.java:1)',
    'INFO shutting down',
  ];
  expect(tellingLine(log.join('\n'))).toBe('java.io.IOException: damaged');
  expect(tellingLine('INFO one\nINFO two\n')).toBe('INFO two');
  expect(tellingLine('')).toBe('its log is empty');
});

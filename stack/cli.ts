import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { readSettings } from '../config.ts';
import { reasonOf, StackError } from './errors.ts';
import { follow, lastLines } from './follow.ts';
import { end } from './launch.ts';
import { isAlive } from './proc.ts';
import { type ProcessRecord, readRecord, readRecords, writeRecord } from './record.ts';
import { serverProcesses } from './server.ts';
import { statusTable } from './status.ts';
import { createSupervisor, type StackEvent } from './supervisor.ts';

const usage = `Usage: npm run stack -- COMMAND

  status             what runs, with port, uptime and resident memory
  stop [NAME]        stop everything, or one process
  logs NAME [-f]     the last lines of a log (-n LINES, 50 by default); -f goes on as it grows
  reset [--yes]      delete this profile's data and logs
  up                 start the servers alone and stay until Ctrl-C

STREAMSHOP_PROFILE chooses the profile (dev), STREAMSHOP_PORT_OFFSET moves its ports, STREAMSHOP_HOME its data.`;

const settings = readSettings();
const { home, profile } = settings;

const commands: Record<string, (args: string[]) => void | Promise<void>> = { status, stop, logs, reset, up };

async function status(): Promise<void> {
  console.log(await statusTable(settings));
}

/** Stops by the records in the profile's folder, so it works from any terminal, and also after the supervisor was killed. */
async function stop(args: string[]): Promise<void> {
  const { positionals } = parseArgs({ args, allowPositionals: true });
  const [name] = positionals;
  if (name) return stopOne(name);
  const supervisor = readRecord(home, 'supervisor');
  if (supervisor) await end(supervisor, supervisor.stop);
  const left = readRecords(home);
  await Promise.all(left.map((record) => end(record, record.stop)));
  console.log(
    supervisor || left.length > 0 ? `the ${profile} stack is stopped` : `the ${profile} stack is not running`,
  );
}

async function stopOne(name: string): Promise<void> {
  const record: ProcessRecord | undefined = readRecord(home, name);
  if (!record)
    throw new StackError('USAGE', `${name} is not running in profile ${profile}. See: npm run stack -- status`);
  writeRecord(home, { ...record, stopWanted: true });
  await end(record, record.stop);
  console.log(`${name} is stopped`);
}

async function logs(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { follow: { type: 'boolean', short: 'f' }, lines: { type: 'string', short: 'n', default: '50' } },
  });
  const [name] = positionals;
  const lines = Number(values.lines);
  if (!name || !Number.isInteger(lines))
    throw new StackError('USAGE', 'Usage: npm run stack -- logs NAME [-f] [-n LINES]');
  process.stdout.write(lastLines(home, name, lines));
  if (values.follow) await follow(home, name);
}

async function reset(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { yes: { type: 'boolean', short: 'y' } } });
  const running = readRecords(home).filter(isAlive);
  if (running.length > 0) {
    const names = running.map(({ name }) => name).join(', ');
    throw new StackError('ALREADY_RUNNING', `still running: ${names}. Stop them first: npm run stack -- stop`);
  }
  if (!values.yes && !(await isAgreed(`Delete all data and logs of profile ${profile} in ${home}? [y/N] `))) {
    throw new StackError('USAGE', 'nothing was deleted');
  }
  rmSync(home, { recursive: true, force: true });
  console.log(`deleted ${home}`);
}

async function isAgreed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new StackError('USAGE', 'reset asks before it deletes; where nobody can answer, say --yes');
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await terminal.question(question)).trim());
  } finally {
    terminal.close();
  }
}

async function up(): Promise<void> {
  const stack = await createSupervisor({ settings, processes: await serverProcesses(settings), onEvent: report });
  stack.stopOnSignal();
  const startedAt = Date.now();
  try {
    await stack.startAll();
  } catch (error) {
    await stack.stop();
    throw error;
  }
  console.log(`all servers answer after ${((Date.now() - startedAt) / 1000).toFixed(1)} s. Ctrl-C stops them.`);
}

function report({ name, state, seconds, detail, error }: StackEvent): void {
  const why = error?.message ?? detail;
  console.log(`${seconds.toFixed(1).padStart(6)} s  ${name.padEnd(12)} ${state}${why ? `: ${why}` : ''}`);
}

const [name = '--help', ...args] = process.argv.slice(2);
try {
  const command = commands[name];
  if (command) await command(args);
  else if (name === '--help' || name === '-h' || name === 'help') console.log(usage);
  else throw new StackError('USAGE', `there is no command ${name}. See: npm run stack -- --help`);
} catch (error) {
  // What a person can mend is one line; anything else is a fault in this program and shows where.
  const isUsage = error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  console.error(error instanceof StackError || isUsage ? reasonOf(error).split('. To specify')[0] : error);
  process.exitCode = 1;
}

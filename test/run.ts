import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readSettings, root } from '../config.ts';
import { reasonOf, StackError } from '../stack/errors.ts';
import { end } from '../stack/launch.ts';
import { readRecords } from '../stack/record.ts';
import { serveControl } from './control.ts';

// `npm test`: the static checks, then a stack of its own (profile `test`: own ports, own and fresh data) and all tests
// against it. Arguments go to Vitest: `npm test -- subgraphs/redis`.
process.env.STREAMSHOP_PROFILE = 'test';
const settings = readSettings();

try {
  const args = process.argv.slice(2);
  const checks = args.length > 0 ? 0 : await run('npm', ['run', '--silent', 'check']);
  process.exit(checks || (await test(args)));
} catch (error) {
  console.error(error instanceof StackError ? reasonOf(error) : error);
  process.exit(1);
}

/** Runs Vitest against a fresh stack, and gives its exit code. */
async function test(args: string[]): Promise<number> {
  // What an earlier run left behind after kill -9 goes first: the tests begin with fresh data.
  await Promise.all(readRecords(settings.home).map((record) => end(record, record.stop)));
  rmSync(settings.home, { recursive: true, force: true });
  // The rooms are loaded now only, so that the checks can say what is wrong with them first.
  const { bringUp } = await import('../stack/bring-up.ts');
  const { demoData } = await import('../stack/data.ts');
  const supervisor = await bringUp({ settings, data: demoData(settings, 'test') });
  await serveControl(settings, supervisor);
  const report = join(settings.home, 'tests.json');
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const exitCode = await run(process.execPath, [vitest, 'run', ...reporters, ...args]);
  await supervisor.stop();
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8'));
  console.log(`${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`);
  return exitCode;
}

function run(program: string, args: string[]): Promise<number> {
  const child = spawn(program, args, { cwd: root, stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root } from '../config.ts';

/** A role of the application that a test runs beside, or in place of, the stack's own. */
export interface TestRole {
  /** The log line with which it said that it is ready. */
  ready: Record<string, unknown>;
  /** Ends it as the supervisor does; resolves with its exit code. */
  stop(): Promise<number | null>;
}

/** Starts one of the project's programs with more in its environment, and waits until it says that it is ready. */
export async function startRole(
  [program, ...args]: readonly [string, ...string[]],
  env: Record<string, string>,
): Promise<TestRole> {
  const child = spawn(process.execPath, [join(root, program), ...args], { cwd: root, env: { ...process.env, ...env } });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  // Whatever becomes of the test, it leaves no process behind.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  void exited.then(() => process.off('exit', kill));
  const lines: string[] = [];
  const ready = Promise.withResolvers<Record<string, unknown>>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    if (line.includes('"msg":"ready')) ready.resolve(JSON.parse(line));
  });
  child.stderr.on('data', (text) => lines.push(String(text)));
  void exited.then(([code]) => ready.reject(new Error(`${program} ended with ${code}: ${lines.join('\n')}`)));
  return {
    ready: await ready.promise,
    async stop() {
      child.kill('SIGTERM');
      return (await exited)[0];
    },
  };
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root } from '../config.ts';

/** A role of the application that a test runs beside, or in place of, the stack's own. */
export interface TestRole {
  /** The log line with which it said that it is ready; rejected with all that it said when it ended before. */
  ready: Promise<Record<string, unknown>>;
  /** Ends it as the supervisor does; resolves with its exit code. */
  stop(): Promise<number | null>;
}

/** Starts one of the project's programs with more in its environment. */
export function startRole([program, ...args]: readonly [string, ...string[]], env: Record<string, string>): TestRole {
  const child = spawn(process.execPath, [join(root, program), ...args], { cwd: root, env: { ...process.env, ...env } });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const lines: string[] = [];
  const ready = Promise.withResolvers<Record<string, unknown>>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    if (line.includes('"msg":"ready')) ready.resolve(JSON.parse(line));
  });
  child.stderr.on('data', (text) => lines.push(String(text)));
  void exited.then(([code]) => ready.reject(new Error(`${program} ended with ${code}: ${lines.join('\n')}`)));
  // A role that is stopped before it was ready is awaited by nobody.
  ready.promise.catch(() => {});
  return {
    ready: ready.promise,
    async stop() {
      child.kill('SIGTERM');
      return (await exited)[0];
    },
  };
}

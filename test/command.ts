import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../config.ts';

/** Runs one of the project's programs as a person would, and gives its exit code and all that it printed. */
export function run(program: string, ...args: string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [join(root, program), ...args], {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })));
}

/** `npm run fanout -- verify`: every derived store against its source. Fails with what it prints where they differ. */
export async function verify(): Promise<void> {
  const { code, output } = await run('fanout/cli.ts', 'verify');
  if (code !== 0) throw new Error(`verify found differences:\n${output}`);
}

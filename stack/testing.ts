import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSettings, root, type Settings } from '../config.ts';
import { end } from './launch.ts';
import { readRecords } from './record.ts';
import { serverNames } from './server.ts';

/** A profile of a test's own: its folder in the system's temporary folder, its ports, only the two light servers. */
export interface TestProfile extends AsyncDisposable {
  home: string;
  env: NodeJS.ProcessEnv;
  settings: Settings;
}

/** A value of STREAMSHOP_WITHOUT that leaves only these servers. */
export const serversBut = (...kept: string[]) =>
  serverNames()
    .filter((name) => !kept.includes(name))
    .join(',');

/**
 * Makes a profile that is stopped and deleted with all its processes at the end of its scope.
 * @param portOffset one that no other test file uses, since these run side by side
 */
export function testProfile(portOffset: number, more: NodeJS.ProcessEnv = {}): TestProfile {
  const home = more.STREAMSHOP_HOME ?? mkdtempSync(join(tmpdir(), 'streamshop-stack-'));
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    STREAMSHOP_PROFILE: 'stacktest',
    STREAMSHOP_PORT_OFFSET: String(portOffset),
    STREAMSHOP_HOME: home,
    STREAMSHOP_WITHOUT: serversBut('postgres', 'redis'),
    ...more,
  };
  // A developer's own servers, named in the environment, are not what is tested here.
  for (const name of ['POSTGRES_URL', 'REDIS_URL']) if (!(name in more)) delete env[name];
  return {
    home,
    env,
    settings: readSettings(env),
    async [Symbol.asyncDispose]() {
      // A supervisor made inside the test is the test itself.
      const others = readRecords(home).filter(({ pid }) => pid !== process.pid);
      await Promise.all(others.map((record) => end(record, { signal: 'SIGKILL', graceSeconds: 1 })));
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** The command line of the stack as a program of its own, as `npm run stack -- …` runs it. */
export function runCli(args: string[], env: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, [join(root, 'stack/cli.ts'), ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const listeners = new Set<() => void>();
  const collect = (chunk: Buffer) => {
    output += chunk;
    for (const listener of listeners) listener();
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const ended = once(child, 'close').then(([exitCode]) => ({ exitCode: exitCode as number | null, output }));
  return {
    child,
    ended,
    /** Resolves when the output holds a text; rejects when the program ends without it. */
    async says(text: string): Promise<void> {
      const said = new Promise<void>((resolve) => {
        const look = () => output.includes(text) && resolve();
        listeners.add(look);
        look();
      });
      const silent = ended.then(() => {
        if (!output.includes(text)) throw new Error(`ended without saying "${text}": ${output}`);
      });
      await Promise.race([said, silent]);
    },
  };
}

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { root } from '../config.ts';

test.for(['SIGTERM', 'SIGINT'] as const)(
  'at %s the gateway closes what it has open, then ends with 0',
  async (signal) => {
    const child = spawn(process.execPath, ['gateway/main.ts'], {
      cwd: root,
      // Vitest's own NODE_ENV=test is not what the gateway runs with.
      env: { ...process.env, PORT: '0', NODE_ENV: 'development' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = new Promise((resolve) => child.on('exit', (code, killedBy) => resolve(code ?? killedBy)));
    for await (const line of createInterface({ input: child.stdout })) {
      if (JSON.parse(line).msg === 'ready') break;
    }
    child.kill(signal);
    expect(await exited).toBe(0);
  },
);

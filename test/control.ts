import { rmSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { join } from 'node:path';
import type { Settings } from '../config.ts';
import type { Supervisor } from '../stack/supervisor.ts';

/** What a test may do to a process of the test stack. */
export type Action = 'stopOne' | 'start' | 'kill' | 'pause' | 'resume';

const socketOf = ({ home }: Settings) => join(home, 'control.sock');

/** Lets the tests, which run in processes of their own, stop, kill and start what the supervisor keeps running. */
export async function serveControl(settings: Settings, supervisor: Supervisor): Promise<void> {
  rmSync(socketOf(settings), { force: true });
  const server = createServer(async (request, response) => {
    const [, action, name = ''] = (request.url ?? '').split('/') as [string, Action, string];
    try {
      await supervisor[action](name);
      response.end();
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  await new Promise<void>((resolve) => server.listen(socketOf(settings), resolve));
  server.unref();
}

/** Asks the supervisor of the test stack; resolves when it is done (`start`: when the server answers). */
export async function control(settings: Settings, action: Action, name: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    request({ socketPath: socketOf(settings), path: `/${action}/${name}`, method: 'POST' }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () =>
        response.statusCode === 200 ? resolve() : reject(new Error(`${action} ${name}: ${text}`)),
      );
    })
      .on('error', reject)
      .end();
  });
}

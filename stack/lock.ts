import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, realpathSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { basename, dirname, join } from 'node:path';

/**
 * Takes a lock that the kernel gives back by itself when its holder dies, even by kill -9: a socket in Linux's abstract
 * namespace (unix(7)), which exists only as long as the process that opened it. So there is never a stale lock to judge.
 * @param path what is locked; its folder is created, the path itself need not exist
 * @returns the lock, or undefined when another process holds it
 */
export async function tryLock(path: string): Promise<Disposable | undefined> {
  const server = createServer();
  server.listen(socketOf(path));
  try {
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw error;
  }
  server.unref();
  return release(server);
}

/** Takes the lock as soon as nobody else holds it. */
export async function waitForLock(path: string): Promise<Disposable> {
  for (;;) {
    const lock = await tryLock(path);
    if (lock) return lock;
    // The holder never answers; the connection ends when the lock is released or its holder dies.
    const waiting = connect(socketOf(path));
    waiting.resume();
    await new Promise((resolve) => waiting.once('close', resolve).once('error', () => {}));
  }
}

function release(server: Server): Disposable {
  const waiting = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => {
    waiting.add(socket.unref().on('error', () => {}));
  });
  return {
    [Symbol.dispose]() {
      server.close();
      for (const socket of waiting) socket.destroy();
    },
  };
}

function socketOf(path: string): string {
  mkdirSync(dirname(path), { recursive: true });
  // The same folder under another name (a symbolic link) is the same lock.
  const name = join(realpathSync(dirname(path)), basename(path));
  return `\0streamshop-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;
}

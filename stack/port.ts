import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { StackError } from './errors.ts';
import { programOf } from './proc.ts';

/**
 * Makes sure that a server can listen on its ports.
 * @throws StackError PORT_IN_USE, naming who holds the port where that can be seen
 */
export async function requireFreePorts(name: string, ports: number[]): Promise<void> {
  for (const port of ports) {
    if (await isFree(port)) continue;
    const pid = holderOf(port);
    const holder = pid ? `${programOf(pid)} (pid ${pid})` : 'another process, which only root may see,';
    throw new StackError(
      'PORT_IN_USE',
      `${name} needs port ${port}, but ${holder} listens there. Stop it, or move all ports: STREAMSHOP_PORT_OFFSET=1000 npm start`,
    );
  }
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  try {
    probe.listen(port, '127.0.0.1');
    await once(probe, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    probe.close();
  }
}

/** The pid that listens on a port: /proc/net/tcp names the socket's inode (proc_pid_net(5)), a process's fd folder its sockets. */
export function holderOf(port: number): number | undefined {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  const sockets = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) =>
    readLines(table)
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local, , state]) => local?.endsWith(`:${hexPort}`) && state === '0A')
      .map((columns) => `socket:[${columns[9]}]`),
  );
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).find((pid) => openFiles(pid).some((file) => sockets.includes(file)));
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}

function openFiles(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}

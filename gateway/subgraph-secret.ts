import { randomBytes, randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../config.ts';

/** HS256 wants a key at least as long as its hash (RFC 7518, section 3.2). */
const leastBytes = 32;

/**
 * By what a subgraph knows the gateway: SUBGRAPH_SECRET; without it a random one in the profile's folder, which whoever
 * comes first makes and every process of the profile shares.
 * @throws Error when it is too short
 */
export function subgraphSecret({ subgraphs, home }: Pick<Settings, 'subgraphs' | 'home'>): Uint8Array {
  if (subgraphs.secret !== null) {
    return longEnough(Buffer.from(subgraphs.secret), 'SUBGRAPH_SECRET', 'openssl rand -hex 32 makes one.');
  }
  const file = join(home, 'subgraph-secret');
  const remedy = 'Delete the file, then start the gateway and its subgraphs again: the first makes a new one.';
  return longEnough(readIfThere(file) ?? makeSecret(file), file, remedy);
}

function longEnough(secret: Uint8Array, where: string, remedy: string): Uint8Array {
  if (secret.length >= leastBytes) return secret;
  throw new Error(`${where} must have at least ${leastBytes} bytes, not ${secret.length}. ${remedy}`);
}

function readIfThere(file: string): Uint8Array | null {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Written whole beside the file first: a link is there at once or not at all, and never in place of another's. */
function makeSecret(file: string): Uint8Array {
  mkdirSync(join(file, '..'), { recursive: true });
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, randomBytes(leastBytes).toString('hex'), { mode: 0o600, flag: 'wx' });
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft);
  }
  return readFileSync(file);
}

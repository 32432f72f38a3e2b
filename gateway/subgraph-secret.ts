import { randomBytes, randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../config.ts';

/** HS256 wants a key at least as long as its hash (RFC 7518, section 3.2). */
const leastBytes = 32;

/**
 * By what a subgraph knows the gateway: SUBGRAPH_SECRET; without it a random one in the profile's folder, which whoever
 * comes first makes and every process of the profile shares.
 * @throws Error when the one that is set is too short
 */
export function subgraphSecret({ subgraphs, home }: Pick<Settings, 'subgraphs' | 'home'>): Uint8Array {
  if (subgraphs.secret !== null) {
    const secret = Buffer.from(subgraphs.secret);
    if (secret.length >= leastBytes) return secret;
    throw new Error(
      `SUBGRAPH_SECRET must have at least ${leastBytes} bytes, not ${secret.length}: openssl rand -hex 32`,
    );
  }
  const file = join(home, 'subgraph-secret');
  return readIfThere(file) ?? makeSecret(file);
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

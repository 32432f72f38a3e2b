import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { root } from '../config.ts';
import { run } from '../test/command.ts';
import { subgraphSecret } from './subgraph-secret.ts';

const home = mkdtempSync(join(tmpdir(), 'streamshop-secret-'));
afterAll(() => rmSync(home, { recursive: true }));

const secretIn = (folder: string, secret: string | null = null) =>
  subgraphSecret({ home: folder, subgraphs: { urls: new Map(), timeoutMs: 1, secret } });

test('a profile has one secret of its own, which nobody else can read', async () => {
  const folder = join(home, 'profile');
  const secret = secretIn(folder);
  expect(secret.length).toBeGreaterThanOrEqual(32);
  expect(secretIn(folder)).toEqual(secret);
  expect(secretIn(join(home, 'other'))).not.toEqual(secret);
  expect(statSync(join(folder, 'subgraph-secret')).mode & 0o777).toBe(0o600);
});

test('processes that start at once agree on it, and leave nothing else behind', async () => {
  const folder = join(home, 'many');
  const program = join(home, 'print.ts');
  const file = join(import.meta.dirname, 'subgraph-secret.ts');
  writeFileSync(
    program,
    `import { subgraphSecret } from ${JSON.stringify(file)};
     console.log(String(subgraphSecret({ home: ${JSON.stringify(folder)}, subgraphs: { secret: null } })));`,
  );
  const printed = await Promise.all(Array.from({ length: 4 }, () => run(relative(root, program))));
  const kept = readFileSync(join(folder, 'subgraph-secret'), 'utf8');
  expect(printed.map(({ output }) => output.trim())).toEqual(Array(4).fill(kept));
  expect(readdirSync(folder)).toEqual(['subgraph-secret']);
});

test('one that is set must be long enough, and is not repeated where it is not', () => {
  expect(String(secretIn(home, 'x'.repeat(32)))).toBe('x'.repeat(32));
  expect(() => secretIn(home, 'too short')).toThrow(/^SUBGRAPH_SECRET must have at least 32 bytes, not 9/);
});

test('a file that was cut short is refused, with what to do', () => {
  const file = join(home, 'subgraph-secret');
  for (const text of ['', 'too short']) {
    writeFileSync(file, text);
    expect(() => secretIn(home)).toThrow(
      `${file} must have at least 32 bytes, not ${text.length}. Delete the file, then start`,
    );
  }
  rmSync(file);
  expect(secretIn(home).length).toBeGreaterThanOrEqual(32);
});

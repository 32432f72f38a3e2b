import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildExplorer } from './build.ts';

test('replaces a build of other sources as a whole, and builds the same sources only once', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'explorer-build-'));
  const folder = join(parent, 'explorer');
  try {
    await mkdir(folder);
    await writeFile(join(folder, 'sources.sha256'), 'of other sources');
    expect(await buildExplorer(folder)).toBe(true);
    expect((await readdir(folder)).toSorted()).toEqual(['assets', 'index.html', 'sources.sha256']);
    expect(await buildExplorer(folder)).toBe(false);
    expect(await readdir(parent)).toEqual(['explorer']);
  } finally {
    await rm(parent, { recursive: true });
  }
}, 180_000);

import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { glob, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, root } from '../../config.ts';

/** Where the built explorer lies. All profiles share it: it asks the origin that it is served from. */
export const explorerFolder = join(cacheFolder, 'explorer');
/** Names the sources that the build was made of. */
const marker = 'sources.sha256';

/** What the page is made of; package-lock.json stands for everything under node_modules. */
const sources = [
  'web/explorer/{index.html,bundle.ts,tsconfig.json}',
  'web/explorer/src/**/*.{ts,tsx,css,svg}',
  'schema/operations/**/*.graphql',
  'package-lock.json',
];

/**
 * Builds the explorer where its sources have changed since it was last built; else this is done in some milliseconds, and
 * Vite is not even loaded.
 * @param folder where to, with the former build replaced as a whole: a gateway that serves it never sees half of one
 * @returns whether it was built
 * @throws Error with Vite's words, when the sources cannot be built
 */
export async function buildExplorer(folder = explorerFolder): Promise<boolean> {
  const wanted = await hashOfSources();
  const isFresh = async () => (await readFile(join(folder, marker), 'utf8').catch(() => null)) === wanted;
  if (await isFresh()) return false;

  const fresh = `${folder}.${randomUUID()}`;
  const former = `${fresh}.former`;
  try {
    // In a process of its own: Vite takes some 900 MB, which whoever starts the stack gets back this way.
    const bundle = join(import.meta.dirname, 'bundle.ts');
    await promisify(execFile)(process.execPath, [bundle, fresh], { cwd: root });
    await writeFile(join(fresh, marker), wanted);
    await rename(folder, former).catch(() => {});
    // Somebody else may have built the same in the meantime; then theirs stays.
    await rename(fresh, folder).catch(async (error) => {
      if (!(await isFresh())) throw error;
    });
    return true;
  } finally {
    await Promise.all([fresh, former].map((leftover) => rm(leftover, { recursive: true, force: true })));
  }
}

async function hashOfSources(): Promise<string> {
  const hash = createHash('sha256');
  const paths = await Array.fromAsync(glob(sources, { cwd: root }));
  for (const path of paths.filter((path) => !path.includes('.test.')).toSorted()) {
    hash.update(`${path}\0`).update(await readFile(join(root, path)));
  }
  return hash.digest('hex');
}

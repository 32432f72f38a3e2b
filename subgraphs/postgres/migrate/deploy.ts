import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MigrationList } from '@prisma/schema-engine-wasm/schema_engine_bg';
import { openEngine } from './engine.ts';

/** Where the room keeps its migrations, one folder each, applied in the order of their names. */
export const migrationsFolder = join(import.meta.dirname, '..', 'migrations');

/**
 * Does what `prisma migrate deploy` does, with the same engine and the same table `_prisma_migrations`, but within this
 * process, which spares the second that the command line takes to start. The engine holds an advisory lock meanwhile, so two
 * that run at once apply each migration once.
 * @returns the names of the migrations that were applied
 * @throws when a migration fails, or when an applied one was changed afterwards or failed before
 */
export async function deploy(url: string): Promise<readonly string[]> {
  await using opened = await openEngine(url);
  const { appliedMigrationNames } = await opened.engine.applyMigrations({
    migrationsList: await readMigrations(),
    filters: { externalTables: [], externalEnums: [] },
  });
  return appliedMigrationNames;
}

/** The folder as the engine wants to be told of it. */
export async function readMigrations(): Promise<MigrationList> {
  const entries = await readdir(migrationsFolder, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const lockfile = 'migration_lock.toml';
  return {
    baseDir: migrationsFolder,
    lockfile: { path: lockfile, content: await readFile(join(migrationsFolder, lockfile), 'utf8') },
    shadowDbInitScript: '',
    migrationDirectories: await Promise.all(folders.sort().map(readMigration)),
  };
}

async function readMigration(folder: string): Promise<MigrationList['migrationDirectories'][number]> {
  const path = 'migration.sql';
  const value = await readFile(join(migrationsFolder, folder, path), 'utf8');
  return { path: folder, migrationFile: { path, content: { tag: 'ok', value } } };
}

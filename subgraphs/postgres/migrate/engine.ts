import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import pg from 'pg';

/** An engine and the one connection that it has. */
export interface OpenEngine extends AsyncDisposable {
  engine: bindings.SchemaEngine;
}

/**
 * Opens Prisma's schema engine, as WebAssembly, on a database.
 * @param datamodels Prisma schemas as `[path, text]`, for what compares with them
 * @throws the driver's error when the server cannot be reached
 */
export async function openEngine(url: string, datamodels?: [string, string][]): Promise<OpenEngine> {
  await instantiate();
  const pools: pg.Pool[] = [];
  const connect = async (databaseUrl: string): Promise<SqlDriverAdapter> => {
    const pool = singleConnection(databaseUrl);
    pools.push(pool);
    return migrationAdapter(pool);
  };
  const factory: SqlMigrationAwareDriverAdapterFactory = {
    provider: 'postgres',
    adapterName: '@prisma/adapter-pg',
    connect: () => connect(url),
    connectToShadowDb: () => shadowDatabase(url, connect),
  };
  const engine = await bindings.SchemaEngine.new(
    { datamodels },
    () => {}, // The engine's log lines; its errors come as exceptions.
    bindMigrationAwareSqlAdapterFactory(factory),
  );
  return {
    engine,
    [Symbol.asyncDispose]: async () => {
      engine.free();
      await Promise.all(pools.filter((pool) => !pool.ended).map((pool) => pool.end()));
    },
  };
}

/** The part of the standard global that is used; TypeScript knows it only with the types of a browser. */
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: {
    instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: Record<string, unknown> } }>;
  };
};

let instance: Promise<void> | undefined;

/** The package's own entry point imports the .wasm file as a module, which Node still calls experimental. */
function instantiate(): Promise<void> {
  instance ??= (async () => {
    const folder = dirname(createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm'));
    const bytes = await readFile(join(folder, 'schema_engine_bg.wasm'));
    // Where the engine's glue code leaves a Rust panic's message.
    Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: { set_message: console.error } });
    const imports = Object.entries(bindings).map(([name, binding]) => [name, withoutHold(name, binding)]);
    const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': Object.fromEntries(imports) });
    bindings.__wbg_set_wasm(instance.exports);
    (instance.exports.__wbindgen_start as () => void)();
  })();
  return instance;
}

/** The engine never clears the timer with which it waits for its lock, which would keep the process for ten seconds. */
function withoutHold(name: string, binding: unknown): unknown {
  if (!name.startsWith('__wbg_setTimeout_')) return binding;
  return (...call: unknown[]) => (binding as (...call: unknown[]) => NodeJS.Timeout)(...call).unref();
}

/** The engine's advisory lock belongs to a session, so that everything must go over one connection. */
function singleConnection(url: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: 1, idleTimeoutMillis: 0, connectionTimeoutMillis: 10_000 });
  const query = pool.query.bind(pool) as (statement: pg.QueryConfig) => Promise<pg.QueryResult>;
  pool.query = (async (statement: pg.QueryConfig) => markChars(await query(statement))) as typeof pool.query;
  return pool;
}

/**
 * Prisma's adapter with two gaps of adapter-pg 7.10 filled: a script goes to the server whole, where it would be cut at
 * every `;`, in function bodies too; and the catalogue's columns of type "char" reach the engine.
 */
async function migrationAdapter(pool: pg.Pool): Promise<SqlDriverAdapter> {
  const adapter = await new PrismaPg(pool, { disposeExternalPool: true }).connect();
  const queryRaw = adapter.queryRaw.bind(adapter);
  adapter.executeScript = async (script) => {
    await pool.query(script);
  };
  adapter.queryRaw = async (query) => {
    const result = await queryRaw(query);
    result.columnNames.forEach((name, column) => {
      if (!name.startsWith(charMark)) return;
      result.columnNames[column] = name.slice(charMark.length);
      result.columnTypes[column] = ColumnTypeEnum.Character;
    });
    return result;
  };
  return adapter;
}

const oids = { char: 18, text: 25 };
const charMark = '"char" ';

/** The adapter refuses the type "char"; so such a column passes it as text, with a mark that it leaves alone. */
function markChars(result: pg.QueryResult): pg.QueryResult {
  for (const field of result.fields ?? []) {
    if (field.dataTypeID !== oids.char) continue;
    field.dataTypeID = oids.text;
    field.name = charMark + field.name;
  }
  return result;
}

/**
 * A database of its own to try migrations in, dropped on dispose. adapter-pg 7.10 would try them in the real one where it
 * was given a URL.
 */
async function shadowDatabase(
  url: string,
  connect: (url: string) => Promise<SqlDriverAdapter>,
): Promise<SqlDriverAdapter> {
  const name = `prisma_migrate_shadow_db_${randomUUID()}`;
  const shadowUrl = new URL(url);
  shadowUrl.pathname = `/${name}`;
  await once(url, `CREATE DATABASE "${name}"`);
  const adapter = await connect(shadowUrl.href);
  const dispose = adapter.dispose.bind(adapter);
  adapter.dispose = async () => {
    await dispose();
    await once(url, `DROP DATABASE "${name}" WITH (FORCE)`);
  };
  return adapter;
}

/** Runs one statement on a connection of its own. */
export async function once(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

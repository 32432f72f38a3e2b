#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { type OpenEngine, once, openEngine } from './engine.ts';

// Stands where Prisma's command line expects its native schema engine (PRISMA_SCHEMA_ENGINE_BINARY, set by
// prisma.config.ts), so that `prisma migrate deploy`, `status`, `diff` and `dev` work where that binary cannot be
// downloaded. The protocol is the binary's: JSON-RPC 2.0, a message a line, on stdin and stdout.

const { values, positionals } = parseArgs({
  strict: false,
  allowPositionals: true,
  options: {
    datasource: { type: 'string' },
    datamodels: { type: 'string', multiple: true },
    version: { type: 'boolean' },
  },
});
const options = values as { datasource?: string; datamodels?: string[]; version?: boolean };
const datamodels = options.datamodels?.map((path): [string, string] => [path, readFileSync(path, 'utf8')]);
const url: string = options.datasource ? JSON.parse(options.datasource).url : '';

if (options.version) console.log('schema-engine-wasm');
else if (positionals[0] === 'cli') await runCommand(positionals[1]);
else await serve();

/** The two commands that the CLI gives by arguments, before it speaks the protocol. */
async function runCommand(command: string | undefined): Promise<void> {
  try {
    if (command === 'can-connect-to-database') await once(url, 'SELECT 1');
    else if (command === 'create-database') await createDatabase();
    else throw new Error(`schema-engine.ts does not know "${command}"`);
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    const prismaCodes: Record<string, string> = { '3D000': 'P1003', '28P01': 'P1000', ECONNREFUSED: 'P1001' };
    const fields = { message: message || code, error_code: prismaCodes[code ?? ''] ?? 'P1010' };
    // The CLI takes the first line for a name and reads the rest as the error.
    process.stderr.write(
      `schema-engine\n${JSON.stringify({ level: 'ERROR', target: 'schema_engine::logger', fields })}`,
    );
    process.exitCode = 1;
  }
}

async function createDatabase(): Promise<{ databaseName: string }> {
  const server = new URL(url);
  const databaseName = decodeURIComponent(server.pathname.slice(1));
  server.pathname = '/postgres';
  await once(server.href, `CREATE DATABASE "${databaseName.replaceAll('"', '""')}"`);
  return { databaseName };
}

/** Answers requests until stdin ends. */
async function serve(): Promise<void> {
  let opened: Promise<OpenEngine> | undefined;
  const call = async (method: string, params: object): Promise<unknown> => {
    if (method === 'createDatabase') return createDatabase();
    opened ??= openEngine(url, datamodels);
    const { engine } = await opened;
    if (method === 'getDatabaseVersion') return engine.version(null);
    const methods = engine as unknown as Record<string, (params: object) => Promise<unknown>>;
    if (!methods[method]) throw new Error(`schema-engine.ts does not know "${method}"`);
    const result = await methods[method](params);
    // The native engine prints what `diff` finds through the CLI instead of giving it back.
    const { stdout } = (method === 'diff' ? result : {}) as { stdout?: string };
    if (!stdout) return result;
    send({ id: 0, method: 'print', params: { content: stdout } });
    return { ...(result as object), stdout: null };
  };

  const running = new Set<Promise<void>>();
  for await (const line of createInterface({ input: process.stdin })) {
    const { id, method, params } = JSON.parse(line);
    // Without a method it is the CLI's answer to our "print".
    if (method) running.add(call(method, params).then((result) => send({ id, result: result ?? null }), fail(id)));
  }
  await Promise.all(running);
  await (await opened)?.[Symbol.asyncDispose]();
}

function fail(id: number) {
  return (error: { message?: string; code?: string; meta?: object }) => {
    const { message = String(error), code = '', meta = null } = error;
    send({ id, error: { code: 4466, message, data: { is_panic: false, message, meta, error_code: code } } });
  };
}

function send(message: object): void {
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
}

import { join } from 'node:path';
import { defineConfig } from 'prisma/config';
import { readSettings } from './config.ts';

const room = join(import.meta.dirname, 'subgraphs', 'postgres');

// The CLI would download a native schema engine. This one is the same engine as WebAssembly, from npm.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= join(room, 'migrate', 'schema-engine.ts');

export default defineConfig({
  schema: join(room, 'schema.prisma'),
  migrations: { path: join(room, 'migrations') },
  datasource: { url: readSettings().postgres.url },
});

import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CodegenConfig } from '@graphql-codegen/cli';
import { printSchema } from 'graphql';
import { apiSchemaOf, readSupergraph } from './contract/api.ts';
import { operationsGlob } from './contract/paths.ts';
import { supergraphFile } from './gateway/supergraph.ts';

const generates: CodegenConfig['generates'] = {};

/** Resolver types of every room, from its own `schema.graphql`, into `types.generated.ts` beside it. */
for (const schema of globSync('subgraphs/*/schema.graphql')) {
  const room = dirname(schema);
  generates[join(room, 'types.generated.ts')] = {
    schema,
    plugins: ['typescript', 'typescript-resolvers'],
    config: {
      federation: true,
      useTypeImports: true,
      enumsAsTypes: true,
      contextType: existsSync(join(room, 'store.ts')) ? './store.ts#RoomContext' : '../../gateway/room.ts#Context',
      // A resolver gives what it knows of an object; the object's own resolvers give the rest.
      defaultMapper: 'Partial<{T}>',
      scalars: { DateTime: 'Date', Date: 'string', ID: 'string' },
    },
  };
}

/** For frontends: each operation as text that knows its variables and its answer. */
generates['schema/generated/'] = {
  preset: 'client',
  schema: printSchema(apiSchemaOf(readSupergraph(readFileSync(supergraphFile, 'utf8')))),
  documents: operationsGlob,
  presetConfig: { fragmentMasking: false },
  config: {
    documentMode: 'string',
    enumsAsTypes: true,
    useTypeImports: true,
    scalars: { DateTime: 'string', Date: 'string', ID: 'string' },
  },
};

const config: CodegenConfig = { generates, importExtension: '.ts', silent: true };
export default config;

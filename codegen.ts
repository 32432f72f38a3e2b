import { existsSync, globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CodegenConfig } from '@graphql-codegen/cli';

/** Resolver types of every room, from its own `schema.graphql`, into `types.generated.ts` beside it. */
const generates: CodegenConfig['generates'] = {};
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

const config: CodegenConfig = { generates, silent: true };
export default config;

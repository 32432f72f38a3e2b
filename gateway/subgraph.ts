import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { type DocumentNode, defaultFieldResolver, type GraphQLSchema, isObjectType, parse } from 'graphql';
import { root } from '../config.ts';
import { guard } from './authorize.ts';
import { codedError } from './errors.ts';
import type { Room } from './room.ts';
import { scalars } from './scalars.ts';

/** The room's slice of the graph, as its `schema.graphql` says. */
export function readTypeDefs(roomName: string): DocumentNode {
  return parse(readFileSync(join(root, 'subgraphs', roomName, 'schema.graphql'), 'utf8'));
}

/** The executable schema of a room, with the authorisation that its directives declare enforced before each resolver. */
export function subgraphSchema(room: Room): GraphQLSchema {
  const typeDefs = readTypeDefs(room.name);
  return guard(buildSubgraphSchema({ typeDefs, resolvers: { ...scalars, ...room.resolvers } }));
}

/**
 * A schema of the same shape that answers null for every field of the store, with an error at each path; keys are
 * answered from the representation. It stands in for a room that is switched off or out of reach.
 */
export function unavailableSchema(
  roomName: string,
  { message, retryable }: { message: string; retryable: boolean },
): GraphQLSchema {
  const schema = buildSubgraphSchema({ typeDefs: readTypeDefs(roomName) });
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('_')) continue;
    for (const field of Object.values(type.getFields())) {
      if (field.name.startsWith('_')) continue;
      field.resolve = (...call) => {
        const [parent] = call;
        if (parent && field.name in parent) return defaultFieldResolver(...call);
        throw codedError('STORE_UNAVAILABLE', message, { store: roomName, retryable });
      };
    }
  }
  return schema;
}

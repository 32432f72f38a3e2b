import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSubgraphSchema } from '@apollo/subgraph';
import {
  type DocumentNode,
  defaultFieldResolver,
  type FieldDefinitionNode,
  type GraphQLSchema,
  isObjectType,
  parse,
} from 'graphql';
import { root } from '../config.ts';
import { guard } from './authorize.ts';
import { codedError } from './errors.ts';
import type { Room } from './room.ts';
import { scalars } from './scalars.ts';

/** A room's `schema.graphql`. */
export function readTypeDefs(roomName: string): DocumentNode {
  return parse(readFileSync(join(root, 'subgraphs', roomName, 'schema.graphql'), 'utf8'));
}

/** The room's slice of the graph. */
export const typeDefsOf = (room: Room): DocumentNode => room.typeDefs ?? readTypeDefs(room.name);

/** The executable schema of a room, with the authorisation that its directives declare enforced before each resolver. */
export function subgraphSchema(room: Room): GraphQLSchema {
  const typeDefs = typeDefsOf(room);
  return guard(buildSubgraphSchema({ typeDefs, resolvers: { ...scalars, ...room.resolvers } }));
}

/**
 * A schema of the same shape that answers null for every field of the store, with an error at each path; keys are
 * answered from the representation. It stands in for a room that is switched off or out of reach.
 */
export function unavailableSchema(
  room: Room,
  { message, retryable }: { message: string; retryable: boolean },
): GraphQLSchema {
  const schema = buildSubgraphSchema({ typeDefs: typeDefsOf(room) });
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('_')) continue;
    for (const field of Object.values(type.getFields())) {
      if (field.name.startsWith('_')) continue;
      field.resolve = (...call) => {
        const [parent] = call;
        if (parent && field.name in parent) return defaultFieldResolver(...call);
        // Nobody asked for a signal between rooms: what is made of it says what it lacks.
        if (isInaccessible(field.astNode)) return null;
        throw codedError('STORE_UNAVAILABLE', message, { store: room.name, retryable });
      };
    }
  }
  return schema;
}

const isInaccessible = (field: FieldDefinitionNode | null | undefined) =>
  field?.directives?.some(({ name }) => name.value === 'inaccessible');

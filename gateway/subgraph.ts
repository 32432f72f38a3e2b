import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { type DocumentNode, type GraphQLSchema, parse } from 'graphql';
import { root } from '../config.ts';
import { guard } from './authorize.ts';
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

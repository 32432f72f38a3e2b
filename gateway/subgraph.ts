import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { type DocumentNode, type GraphQLSchema, parse } from 'graphql';
import { root } from '../config.ts';
import { guard } from './authorize.ts';
import type { Room } from './room.ts';
import { scalars } from './scalars.ts';

const files = new Map<string, DocumentNode>();

/**
 * A room's `schema.graphql`, as it was when this process first asked: whoever looks at it later, as at a reload of the
 * supergraph, sees what the process executes, whatever has become of the file.
 */
export function readTypeDefs(roomName: string): DocumentNode {
  const known = files.get(roomName) ?? parse(readFileSync(join(root, 'subgraphs', roomName, 'schema.graphql'), 'utf8'));
  files.set(roomName, known);
  return known;
}

/** The room's slice of the graph. */
export const typeDefsOf = (room: Room): DocumentNode => room.typeDefs ?? readTypeDefs(room.name);

/** The executable schema of a room, with the authorisation that its directives declare enforced before each resolver. */
export function subgraphSchema(room: Room): GraphQLSchema {
  const typeDefs = typeDefsOf(room);
  return guard(buildSubgraphSchema({ typeDefs, resolvers: { ...scalars, ...room.resolvers } }));
}

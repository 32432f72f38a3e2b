import { Supergraph } from '@apollo/federation-internals';
import type { GraphQLSchema } from 'graphql';
import { forGateway } from '../gateway/supergraph.ts';

/** A supergraph as @apollo/gateway reads it. */
export const readSupergraph = (supergraphSdl: string): Supergraph => Supergraph.build(forGateway(supergraphSdl));

/** What clients see of a supergraph: without what is `@inaccessible`. */
export const apiSchemaOf = (supergraph: Supergraph): GraphQLSchema => supergraph.apiSchema().toGraphQLJSSchema();

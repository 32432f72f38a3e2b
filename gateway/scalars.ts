import { type GraphQLSchema, isScalarType } from 'graphql';
import { GraphQLDateTimeISO, GraphQLLocalDate } from 'graphql-scalars';

/** The graph's own scalars. A `DateTime` is a `Date` in code, a `Date` (a calendar day) the string `2026-01-31`. */
export const scalars = { DateTime: GraphQLDateTimeISO, Date: GraphQLLocalDate };

/**
 * Gives the gateway's schema the scalars' rules. The supergraph knows scalars by name only and takes any value for one;
 * with these, what a subgraph would refuse is refused at the edge, as the client's mistake. Changes the schema in place.
 */
export function teachScalars(schema: GraphQLSchema): void {
  for (const [name, { parseValue, parseLiteral }] of Object.entries(scalars)) {
    const scalar = schema.getType(name);
    if (isScalarType(scalar)) Object.assign(scalar, { parseValue, parseLiteral });
  }
}

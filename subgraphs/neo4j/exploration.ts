import { Neo4jGraphQL } from '@neo4j/graphql';
import { type DocumentNode, type GraphQLFieldResolver, isObjectType, Kind, visit } from 'graphql';
import { checkInput, idText } from '../../gateway/input.ts';
import { readTypeDefs } from '../../gateway/subgraph.ts';
import { checkBounds } from './bounds.ts';
import type { RoomContext } from './store.ts';
import type { Resolvers } from './types.generated.ts';

/** The directives of `schema.graphql` that are for @neo4j/graphql; all others are federation's. */
const libraryDirectives = new Set([
  ...['node', 'relationship', 'cypher', 'customResolver', 'limit', 'query', 'mutation', 'subscription'],
]);

const document = readTypeDefs('neo4j');
const withDirectives = (isKept: (name: string) => boolean): DocumentNode =>
  visit(document, { Directive: ({ name }) => (isKept(name.value) ? undefined : null) });

/** The room's slice of the graph as the gateway sees it. */
export const typeDefs = withDirectives((name) => !libraryDirectives.has(name));

type Resolve = GraphQLFieldResolver<unknown, RoomContext>;

/**
 * The resolvers of every field in `schema.graphql`: those given, and those that @neo4j/graphql makes of the file's
 * @node, @relationship and @cypher, which turn a whole walk into one Cypher statement. What else the library generates
 * (filters, sorting, connections, aggregations) is left out: it would let a query read whole lists to show ten of them.
 */
export async function withExploration(resolvers: Resolvers): Promise<Record<string, Record<string, Resolve>>> {
  const library = new Neo4jGraphQL({
    typeDefs: withDirectives((name) => libraryDirectives.has(name)),
    resolvers: resolvers as Record<string, Record<string, Resolve>>,
  });
  const schema = await library.getSchema();
  const made: Record<string, Record<string, Resolve>> = {};
  for (const definition of typeDefs.definitions) {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION) continue;
    const type = schema.getType(definition.name.value);
    if (!isObjectType(type)) continue;
    made[type.name] = Object.fromEntries(
      (definition.fields ?? []).flatMap(({ name, arguments: args }) => {
        const resolve = type.getFields()[name.value]?.resolve as Resolve | undefined;
        if (!resolve) return [];
        // What takes arguments walks; the library's own fields below a walk only read what it has brought.
        return [[name.value, args?.length ? bounded(resolve) : resolve]];
      }),
    );
  }
  return made;
}

/** A walk: it is checked as a whole, and a statement of the library goes through the store's seam. */
function bounded(resolve: Resolve): Resolve {
  return (...[parent, args, context, info]) => {
    checkBounds(info);
    if ('id' in args) checkInput(idText, args.id, ['id']);
    // The library takes whatever has a `run` for a transaction that is under way.
    const executionContext = { run: context.store.read };
    return resolve(parent, args, { ...context, executionContext } as RoomContext, info);
  };
}

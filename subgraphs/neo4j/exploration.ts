import { Neo4jGraphQL } from '@neo4j/graphql';
import {
  type DocumentNode,
  type GraphQLFieldResolver,
  isObjectType,
  Kind,
  type ObjectTypeDefinitionNode,
  visit,
} from 'graphql';
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
 * The resolvers of every field in `schema.graphql` that needs one: those given, and those that @neo4j/graphql makes of the
 * file's @node, @relationship and @cypher, which turn a whole walk into one Cypher statement. What else the library generates
 * (filters, sorting, connections, aggregations) is left out: it would let a query read whole lists to show ten of them.
 */
export async function withExploration(resolvers: Resolvers): Promise<Record<string, Record<string, Resolve>>> {
  const own = resolvers as Record<string, Record<string, Resolve>>;
  const library = new Neo4jGraphQL({
    typeDefs: withDirectives((name) => libraryDirectives.has(name)),
    resolvers: own,
  });
  const schema = await library.getSchema();
  const made: Record<string, Record<string, Resolve>> = {};
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION) continue;
    const type = isWalked(definition) ? schema.getType(definition.name.value) : undefined;
    const walks = isObjectType(type) ? type.getFields() : {};
    made[definition.name.value] = Object.fromEntries(
      (definition.fields ?? []).flatMap(({ name, arguments: args }) => {
        const resolve = walks[name.value]?.resolve ?? own[definition.name.value]?.[name.value];
        if (!resolve) return [];
        // What takes arguments walks; the library's own fields below a walk only read what it has brought.
        return [[name.value, args?.length ? bounded(resolve) : resolve]];
      }),
    );
  }
  return made;
}

/** Of any other type, the library's resolvers would take an alias for the name of a field. */
const isWalked = ({ name, directives }: ObjectTypeDefinitionNode): boolean =>
  name.value === 'Query' || (directives ?? []).some((directive) => directive.name.value === 'node');

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

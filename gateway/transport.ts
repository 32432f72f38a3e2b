import type { GraphQLDataSource } from '@apollo/gateway';
import { type DocumentNode, execute, type GraphQLSchema, parse } from 'graphql';
import type { Logger } from 'pino';
import { roomContext } from './context.ts';
import type { OpenedRooms } from './open.ts';
import type { GatewayContext } from './plugins.ts';
import { withRequest } from './request.ts';
import { subgraphSchema, unavailableSchema } from './subgraph.ts';

type Answer = Awaited<ReturnType<GraphQLDataSource['process']>>;

/**
 * The in-process transport: executes a fetch of the plan on the room's schema, with no HTTP or JSON between. It never
 * throws: what cannot be answered is null, with a coded error at its path.
 */
export function inProcess(
  { room, open, isOff }: OpenedRooms['list'][number],
  logger: Logger,
): GraphQLDataSource<GatewayContext> {
  const parseCached = documentCache();
  const unavailable = unavailableSchema(room, {
    message: isOff ? `${room.name} is switched off here.` : `${room.name} cannot be asked right now.`,
    retryable: !isOff,
  });
  const schema = isOff ? unavailable : subgraphSchema(room);

  return {
    async process({ request, context }) {
      const run = async (schema: GraphQLSchema) =>
        await execute({
          schema,
          document: parseCached(request.query ?? ''),
          variableValues: request.variables,
          contextValue: roomContext(context.request, { name: room.name, store: open?.store }),
        });
      return await withRequest(context.request, async () => {
        try {
          if (room.consumes && !isOff) await context.readAfter?.waitFor(room.name);
          const result = await run(schema);
          // An answer without any entity would cost the page their errors' paths.
          const isLost = !result.data && request.variables?.representations;
          if (!isLost) return result as Answer;
          logger.error({ errors: result.errors, subgraph: room.name }, 'a subgraph gave no entities');
        } catch (error) {
          logger.error({ err: error, subgraph: room.name }, 'a subgraph threw');
        }
        return (await run(unavailable)) as Answer;
      });
    },
  };
}

const maxCachedCharacters = 8_192;

/** Parses subgraph operations. The planner caches its plans, so the same few texts come again and again. */
function documentCache(capacity = 1_000): (query: string) => DocumentNode {
  const documents = new Map<string, DocumentNode>();
  return (query) => {
    const known = documents.get(query);
    if (known) return known;
    const document = parse(query, { noLocation: true });
    // Pages are short; a long operation is rarely asked twice, and its tree takes megabytes.
    if (query.length > maxCachedCharacters) return document;
    const oldest = documents.keys().next().value;
    if (documents.size >= capacity && oldest !== undefined) documents.delete(oldest);
    documents.set(query, document);
    return document;
  };
}

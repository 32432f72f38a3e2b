import type { GraphQLDataSource } from '@apollo/gateway';
import { type DocumentNode, execute, type GraphQLSchema, parse } from 'graphql';
import type { Logger } from 'pino';
import { roomContext } from './context.ts';
import type { OpenedRooms } from './open.ts';
import type { RequestContext } from './request.ts';
import { subgraphSchema, unavailableSchema } from './subgraph.ts';

/** A fetch of the query plan, as a subgraph gets it. */
export interface Fetch {
  query: string;
  variables: Record<string, unknown>;
}

export type Answer = Awaited<ReturnType<GraphQLDataSource['process']>>;

/** What answers the fetches of one room. Neither function ever throws: what cannot be answered is null, with a coded error at its path. */
export interface Execution {
  /** On the room's schema. */
  answer(fetch: Fetch, request: RequestContext): Promise<Answer>;
  /** Null for each field, since the room cannot be asked. */
  answerWithout(fetch: Fetch, request: RequestContext): Promise<Answer>;
}

/** Executes fetches on the schema of a room in this process, with no HTTP or JSON between. */
export function createExecution({ room, open, isOff }: OpenedRooms['list'][number], logger: Logger): Execution {
  const parseCached = documentCache();
  const unavailable = unavailableSchema(room, {
    message: isOff ? `${room.name} is switched off here.` : `${room.name} cannot be asked right now.`,
    retryable: !isOff,
  });
  const schema = isOff ? unavailable : subgraphSchema(room);

  const run = async (schema: GraphQLSchema, { query, variables }: Fetch, request: RequestContext) =>
    await execute({
      schema,
      document: parseCached(query),
      variableValues: variables,
      contextValue: roomContext(request, { name: room.name, store: open?.store }),
    });

  const answerWithout: Execution['answerWithout'] = async (fetch, request) =>
    (await run(unavailable, fetch, request)) as Answer;

  return {
    answerWithout,
    async answer(fetch, request) {
      try {
        const result = await run(schema, fetch, request);
        // An answer without any entity would cost the page their errors' paths.
        const isLost = !result.data && fetch.variables.representations;
        if (!isLost) return result as Answer;
        logger.error({ errors: result.errors, subgraph: room.name }, 'a subgraph gave no entities');
      } catch (error) {
        logger.error({ err: error, subgraph: room.name }, 'a subgraph threw');
      }
      return await answerWithout(fetch, request);
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

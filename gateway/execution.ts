import type { GraphQLDataSource } from '@apollo/gateway';
import { execute } from 'graphql';
import type { Logger } from 'pino';
import { roomContext } from './context.ts';
import { parseOperation } from './documents.ts';
import { codedError } from './errors.ts';
import type { OpenedRoom } from './open.ts';
import type { RequestContext } from './request.ts';
import { createStandIn } from './stand-in.ts';
import { subgraphSchema } from './subgraph.ts';

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
  answerWithout(fetch: Fetch): Promise<Answer>;
}

/** Executes fetches on the schema of a room in this process, with no HTTP or JSON between. */
export function createExecution({ room, open, isOff }: OpenedRoom, logger: Logger): Execution {
  const standIn = createStandIn(room);
  const message = isOff ? `${room.name} is switched off here.` : `${room.name} cannot be asked right now.`;
  const reason = codedError('STORE_UNAVAILABLE', message, { store: room.name, retryable: !isOff });
  const answerWithout: Execution['answerWithout'] = (fetch) => standIn(fetch, { reason });
  if (isOff) return { answer: answerWithout, answerWithout };

  const schema = subgraphSchema(room);
  const run = async ({ query, variables }: Fetch, request: RequestContext) =>
    await execute({
      schema,
      document: parseOperation(query),
      variableValues: variables,
      contextValue: roomContext(request, { name: room.name, store: open?.store }),
    });

  return {
    answerWithout,
    async answer(fetch, request) {
      try {
        const result = await run(fetch, request);
        // An answer without any entity would cost the page their errors' paths.
        const isLost = !result.data && fetch.variables.representations;
        if (!isLost) return result as Answer;
        logger.error({ errors: result.errors, subgraph: room.name }, 'a subgraph gave no entities');
      } catch (error) {
        logger.error({ err: error, subgraph: room.name }, 'a subgraph threw');
      }
      return await answerWithout(fetch);
    },
  };
}

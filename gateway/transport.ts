import type { GraphQLDataSource } from '@apollo/gateway';
import type { Logger } from 'pino';
import { createExecution, type Execution } from './execution.ts';
import type { OpenedRoom } from './open.ts';
import type { GatewayContext } from './plugins.ts';
import { fetchKey, withOrigin } from './request.ts';
import { isTraced } from './tracing.ts';

export interface TransportOptions {
  transport: 'in-process' | 'http';
  execution: Execution;
  logger: Logger;
}

/** What is to be done around a fetch of the plan, whichever way it goes: beginning with others of its round, read-after, and telling whoever observes. */
export function dataSource(
  { room, isOff }: OpenedRoom,
  { transport, execution, logger }: TransportOptions,
): GraphQLDataSource<GatewayContext> {
  return {
    async process(asked) {
      const { query = '', variables = {} } = asked.request;
      const { request, readAfter, rounds } = asked.context;
      const { xray } = request;
      const subgraph = room.name;
      const path = ('pathInIncomingRequest' in asked && asked.pathInIncomingRequest) || [];
      const key = fetchKey({ subgraph, operation: query, path });
      const origin = { request, subgraph, fetch: key, isObserved: xray !== undefined || isTraced() };
      const fetch = { query, variables };
      const end = await rounds?.begin(key, transport === 'in-process');
      return await withOrigin(origin, async () => {
        try {
          if (room.consumes && !isOff) await readAfter?.waitFor(room.name);
        } catch (error) {
          logger.error({ err: error, subgraph: room.name }, 'nobody could tell whether an event was applied');
          return await execution.answerWithout(fetch);
        }
        const startMs = xray?.nowMs() ?? 0;
        const answer = await execution.answer(fetch, request);
        if (xray) {
          const entities = (variables.representations as readonly unknown[] | undefined)?.length ?? null;
          xray.noteFetch({ key, startMs, durationMs: xray.nowMs() - startMs, entities, transport });
        }
        return answer;
      }).finally(end);
    },
  };
}

/** The in-process transport. */
export const inProcess = (room: OpenedRoom, logger: Logger): GraphQLDataSource<GatewayContext> =>
  dataSource(room, { transport: 'in-process', execution: createExecution(room, logger), logger });

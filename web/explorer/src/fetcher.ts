import type { Fetcher } from '@graphiql/toolkit';
import { getOperationAST } from 'graphql';
import { type Answer, countUnauthenticated, eventIdsIn, takeXray } from './answer.ts';
import { ask, bearer, GatewayUnreachable, type GraphqlAnswer } from './graphql.ts';
import { fillPlaceholders } from './placeholders.ts';
import { session } from './session.ts';
import { createState, createStoredState } from './state.ts';

/** The last answer to what the user ran; null before the first. */
export const lastAnswer = createState<Answer | null>(null);

/** Whether the gateway answered when it was last asked. */
export const isReachable = createState(true);

/** The switch in the header: whether X-rays are asked for. */
export const isXrayOn = createStoredState(() => localStorage, 'streamshop.xray', true);

/** The event of the last mutation, which `{{eventId}}` stands for. */
let lastEventId: string | null = null;

/**
 * What GraphiQL asks the gateway through. Adds who asks and, where it is switched on, the wish for an X-ray; takes the
 * X-ray out of the answer again and hands it to the panels. Headers that the user wrote win.
 */
export const fetcher: Fetcher = async ({ query, variables, operationName }, options) => {
  const token = session.get()?.token;
  const definition = options?.documentAST && getOperationAST(options.documentAST, operationName ?? undefined);
  // GraphiQL asks for the schema without a document: that is no answer for the panels.
  const isRun = Boolean(definition);
  const wasXrayAsked = isRun && isXrayOn.get();
  const answer = await reach(
    { query, variables: fillPlaceholders(variables, lastEventId), operationName },
    { ...bearer(token), ...(wasXrayAsked && { 'x-streamshop-xray': '1' }), ...options?.headers },
  );
  const answeredAtMs = performance.now();
  const { xray, rest } = takeXray(answer);
  if (!isRun) return rest;

  const eventIds = definition?.operation === 'mutation' ? eventIdsIn(answer.data) : [];
  lastEventId = eventIds.at(-1) ?? lastEventId;
  lastAnswer.set({
    ...{ operationName: operationName ?? null, wasXrayAsked, xray, eventIds, token, answeredAtMs },
    unauthenticated: countUnauthenticated(answer),
  });
  return rest;
};

async function reach(...request: Parameters<typeof ask>): Promise<GraphqlAnswer> {
  try {
    const answer = await ask(...request);
    isReachable.set(true);
    return answer;
  } catch (error) {
    if (error instanceof GatewayUnreachable) isReachable.set(false);
    throw error;
  }
}

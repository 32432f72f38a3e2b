import type { Fetcher, FetcherOpts, FetcherParams } from '@graphiql/toolkit';
import type { ExecutionResult } from 'graphql';
import { type Answer, countUnauthenticated, eventIdsIn, takeXray, type Write } from './answer.ts';
import { ask, bearer, GatewayUnreachable, type GraphqlAnswer } from './graphql.ts';
import { operationOf } from './operation-of.ts';
import { fillPlaceholders, PlaceholderEmpty } from './placeholders.ts';
import { session } from './session.ts';
import { createState, createStoredState } from './state.ts';

/** The last answer to what the user ran; null before the first. */
export const lastAnswer = createState<Answer | null>(null);

/** The last mutation that gave an event; null before the first. */
export const lastWrite = createState<Write | null>(null);

/** Whether the gateway answered when it was last asked. */
export const isReachable = createState(true);

/** The switch in the header: whether X-rays are asked for. */
export const isXrayOn = createStoredState(() => localStorage, 'streamshop.xray', true);

/**
 * What GraphiQL asks the gateway through. Adds who asks and, where it is switched on, the wish for an X-ray; takes the
 * X-ray out of the answer again and hands it to the panels. Headers that the user wrote win. What cannot be asked is
 * answered with an error that says why.
 */
async function run({ query, variables, operationName }: FetcherParams, options?: FetcherOpts): Promise<GraphqlAnswer> {
  const token = session.get()?.token;
  const operation = operationOf(query, operationName ?? null);
  const name = operation?.name?.value ?? null;
  // GraphiQL asks for the schema on its own account: that is no answer for the panels.
  const isRun = name !== 'IntrospectionQuery';
  const wasXrayAsked = isRun && isXrayOn.get();
  try {
    const lastEventId = lastWrite.get()?.eventIds.at(-1) ?? null;
    const answer = await ask(
      { query, variables: fillPlaceholders(variables, lastEventId), operationName: name },
      headersOf({ token, wasXrayAsked, written: options?.headers }),
    );
    const answeredAtMs = performance.now();
    isReachable.set(true);
    const { xray, rest } = takeXray(answer);
    if (!isRun) return rest;
    lastAnswer.set({ answeredAtMs, name, wasXrayAsked, xray, unauthenticated: countUnauthenticated(answer) });
    const eventIds = operation?.operation === 'mutation' ? eventIdsIn(answer.data) : [];
    if (eventIds.length > 0) lastWrite.set({ eventIds, token, answeredAtMs });
    return rest;
  } catch (error) {
    if (error instanceof GatewayUnreachable) isReachable.set(false);
    else if (!(error instanceof PlaceholderEmpty)) throw error;
    return { errors: [{ message: error.message }] };
  }
}

interface HeaderSources {
  token: string | undefined;
  wasXrayAsked: boolean;
  /** What stands in the headers editor; its names may be written in capitals. */
  written: Record<string, unknown> | undefined;
}

function headersOf({ token, wasXrayAsked, written = {} }: HeaderSources): Record<string, string> {
  const headers = new Headers({ ...bearer(token), ...(wasXrayAsked && { 'x-streamshop-xray': '1' }) });
  for (const [name, value] of Object.entries(written)) headers.set(name, String(value));
  return Object.fromEntries(headers);
}

/** `run` as GraphiQL wants it, which types errors as graphql-js throws them; over HTTP they come formatted. */
export const fetcher: Fetcher = (params, options) => run(params, options) as Promise<ExecutionResult>;

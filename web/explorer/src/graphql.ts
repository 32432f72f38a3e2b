import type { ExecutionResult, FormattedExecutionResult } from 'graphql';

/** What one asks the gateway. */
export interface GraphqlRequest {
  query: string;
  variables?: Record<string, unknown> | null;
  operationName?: string | null;
}

export type GraphqlAnswer = FormattedExecutionResult<Record<string, unknown>, Record<string, unknown>>;

export const endpoint = '/graphql';

/** Nobody answered, or something that is not the gateway did. */
export class GatewayUnreachable extends Error {
  constructor(options?: ErrorOptions) {
    super(`The gateway at ${location.origin}${endpoint} does not answer. Does npm start still run?`, options);
    this.name = 'GatewayUnreachable';
  }
}

/**
 * Asks the gateway that served this page.
 * @throws GatewayUnreachable when it does not answer with JSON
 */
export async function ask(request: GraphqlRequest, headers: Record<string, string> = {}): Promise<GraphqlAnswer> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
    body: JSON.stringify(request),
  }).catch((cause: unknown) => {
    throw new GatewayUnreachable({ cause });
  });
  return response.json().catch((cause: unknown) => {
    throw new GatewayUnreachable({ cause });
  });
}

/** The header that says who asks; none for a visitor. */
export const bearer = (token: string | undefined): Record<string, string> =>
  token ? { authorization: `Bearer ${token}` } : {};

/** The code by which the gateway classes an error, such as `UNAUTHENTICATED`. */
export const codeOf = (error: NonNullable<ExecutionResult['errors']>[number] | { extensions?: { code?: unknown } }) =>
  String(error.extensions?.code ?? '');

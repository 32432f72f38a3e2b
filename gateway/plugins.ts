import { randomUUID } from 'node:crypto';
import type { ApolloServerPlugin } from '@apollo/server';
import { GraphQLError, type GraphQLFormattedError, OperationTypeNode } from 'graphql';
import type { Logger } from 'pino';
import { withViewerAfter } from './context.ts';
import { codeOf, errorCodes } from './errors.ts';
import { liftNotFound } from './not-found.ts';
import { type ReadAfter, type ReadAfterOptions, startReadAfter } from './read-after.ts';
import type { RequestContext } from './request.ts';
import { type Requirers, tellAtRequirers } from './requirers.ts';
import type { Rounds } from './rounds.ts';
import { currentTraceId } from './tracing.ts';
import { xrayDetail } from './xray-detail.ts';

/** What Apollo Server hands from plugin to plugin, and to every data source. */
export interface GatewayContext {
  request: RequestContext;
  /** Present where the request names an event to read after. */
  readAfter?: ReadAfter;
  /** Present where a round of the query plan asks a store more than once. */
  rounds?: Rounds;
}

/**
 * Tells each error at a place that the operation asks for: at an entity that its owner does not know, see `liftNotFound`, and at
 * the fields that required what failed, see `tellAtRequirers`.
 */
export function errorPlacesPlugin(requirers: () => Requirers): ApolloServerPlugin<GatewayContext> {
  return {
    async requestDidStart() {
      return {
        async willSendResponse({ response, schema, document, operationName }) {
          if (response.body.kind !== 'single' || !document) return;
          const result = response.body.singleResult;
          if (!result.errors) return;
          const operation = { schema, document, operationName };
          const { data, errors } = liftNotFound({ data: result.data, errors: result.errors }, operation);
          result.data = data;
          result.errors = tellAtRequirers(errors, { requirers: requirers(), operation });
        },
      };
    },
  };
}

/** Makes a query that names an event in `x-streamshop-after` wait for the sinks of the stores that it reads. */
export function readAfterPlugin(
  optionsFor: (
    eventId: string,
    context: GatewayContext,
  ) => ReadAfterOptions & {
    /** The sink that keeps what is told of viewers with their sessions. */
    viewerSink: string;
  },
): ApolloServerPlugin<GatewayContext> {
  return {
    async requestDidStart() {
      return {
        async didResolveOperation({ request, operation, contextValue }) {
          const eventId = request.http?.headers.get('x-streamshop-after');
          if (!eventId || operation?.operation !== OperationTypeNode.QUERY) return;
          const options = optionsFor(eventId, contextValue);
          const readAfter = await startReadAfter(options).catch((error) => {
            throw codeOf(error) === 'BAD_USER_INPUT' ? asBadRequest(error) : error;
          });
          contextValue.readAfter = readAfter;
          const fresh = { ...contextValue.request, mustBeFresh: true };
          // What is unknown may be a block.
          const tellsOfViewer = ['block.changed', ''].includes(readAfter.type);
          contextValue.request = tellsOfViewer
            ? withViewerAfter(fresh, () => readAfter.waitFor(options.viewerSink))
            : fresh;
        },
        async willSendResponse({ response, contextValue }) {
          const sinks = contextValue.readAfter?.notYetApplied() ?? [];
          if (sinks.length === 0 || response.body.kind !== 'single') return;
          const result = response.body.singleResult;
          result.extensions = { ...result.extensions, notYetApplied: sinks };
        },
      };
    },
  };
}

/** Adds `extensions.xray` where the request asked for it and the viewer may see it. */
export function xrayPlugin(settings: { isProduction: boolean }): ApolloServerPlugin<GatewayContext> {
  return {
    async requestDidStart() {
      return {
        async willSendResponse({ response, contextValue: { request } }) {
          if (!request.xray || response.body.kind !== 'single') return;
          const detail = await xrayDetail(request, settings);
          if (detail === 'none') return;
          const result = response.body.singleResult;
          const xray = request.xray.report({ mayShowValues: detail === 'values', traceId: currentTraceId() });
          result.extensions = { ...result.extensions, xray };
        },
      };
    },
  };
}

/** Refuses a request whose operation cannot be told, before @apollo/gateway calls it a fault of its own. */
export const operationPlugin: ApolloServerPlugin<GatewayContext> = {
  async requestDidStart() {
    return {
      async didResolveOperation({ operation }) {
        // With a gateway, Apollo Server goes on without one.
        if (operation) return;
        const message = 'operationName must name one of the operations in the document.';
        throw asBadRequest(new GraphQLError(message, { extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } }));
      },
    };
  },
};

/** The error with HTTP status 400, where Apollo Server would answer 500. */
function asBadRequest({ message, extensions }: GraphQLError): GraphQLError {
  return new GraphQLError(message, { extensions: { ...extensions, http: { status: 400 } } });
}

/** One line a request: what was asked, how long it took, which codes came back. Never variables or tokens. */
export function logPlugin(logger: Logger): ApolloServerPlugin<GatewayContext> {
  return {
    async requestDidStart({ contextValue }) {
      const startedAt = performance.now();
      return {
        async willSendResponse({ request, response, operationName }) {
          // What the gateway asks itself has no HTTP request.
          if (!request.http) return;
          const errors = response.body.kind === 'single' ? (response.body.singleResult.errors ?? []) : [];
          const codes = [...new Set(errors.map(({ extensions }) => String(extensions?.code)))];
          logger.info(
            {
              requestId: contextValue.request.id,
              // A client may send a name of any length.
              operation: operationName?.slice(0, 100) ?? 'anonymous',
              durationMs: Math.round(performance.now() - startedAt),
              ...(codes.length > 0 && { codes }),
            },
            'answered',
          );
        },
      };
    },
  };
}

/** Codes of Apollo Server that tell clients of their own mistakes; whatever else has no code of ours stays inside. */
const clientMistakes = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_REQUEST',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
]);

const loggedElsewhere = / The log has it under [\da-f-]{36}\.$/;

/** Errors as clients see them: ours and Apollo's as they are, anything unforeseen without its text, which goes to the log. */
export function errorFormatter(logger: Logger) {
  return (formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError => {
    const { serviceName: _subgraph, stacktrace: _stacktrace, ...extensions } = formatted.extensions ?? {};
    const { code } = extensions;
    const isTold = code !== 'INTERNAL_SERVER_ERROR' && (String(code) in errorCodes || clientMistakes.has(String(code)));
    if (code === 'BAD_USER_INPUT') return { ...formatted, ...asArgumentError(formatted.message, extensions) };
    // A subgraph behind HTTP has logged its own already.
    const isLogged = code !== 'STORE_ERROR' || loggedElsewhere.test(formatted.message);
    if (isTold && isLogged) return { ...formatted, extensions };

    const errorId = randomUUID();
    logger.error({ err: error, errorId }, 'a field failed');
    const told = isTold ? { message: formatted.message, extensions } : internalError;
    return {
      ...(formatted.path && { path: formatted.path }),
      message: `${told.message} The log has it under ${errorId}.`,
      extensions: told.extensions,
    };
  };
}

/**
 * What graphql-js says of a variable of the wrong type, brought into the form of our own BAD_USER_INPUT: with the argument's
 * path, and without repeating the value, which may be long or a password.
 */
function asArgumentError(message: string, extensions: Record<string, unknown>) {
  const found =
    /^Variable "\$(?<variable>\w+)" (?:got invalid value .*?(?: at "(?<at>[\w.[\]]+)")?; )?(?<reason>.*)$/s.exec(
      message,
    );
  if (!found?.groups || extensions.argument) return { extensions };
  const { variable = '', at = variable, reason = '' } = found.groups;
  return {
    message: `${at}: ${reason.split(':')[0]?.slice(0, 200)}`,
    extensions: { ...extensions, retryable: false, argument: at.split(/[.[\]]+/).filter(Boolean) },
  };
}

const internalError = {
  message: 'Something went wrong here.',
  extensions: { code: 'INTERNAL_SERVER_ERROR', retryable: false },
};

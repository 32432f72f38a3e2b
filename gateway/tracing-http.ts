import type { ApolloServerPlugin } from '@apollo/server';
import {
  type Context,
  context,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_URL_PATH,
  ATTR_URL_SCHEME,
} from '@opentelemetry/semantic-conventions';
import type { FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import type { Settings } from '../config.ts';
import { contextBelow, isTracing, tracer } from './tracing.ts';

/**
 * A handler each of whose requests is a server span, below the caller's `traceparent` where it has one. In production
 * callers are strangers, who may neither overrule the sampling nor write into others' traces: there the span begins a trace
 * and links to the caller's (W3C Trace Context, "Mutating the traceparent Field": restart trace). Without tracing it is the
 * handler itself.
 */
export function tracedHandler(
  handler: RouteHandlerMethod,
  { isProduction }: Pick<Settings, 'isProduction'>,
): RouteHandlerMethod {
  if (!isTracing()) return handler;
  return function (request, reply) {
    const caller = propagation.extract(ROOT_CONTEXT, request.headers);
    const callers = trace.getSpanContext(caller);
    const exchange = { request, reply, links: isProduction && callers ? [{ context: callers }] : [] };
    return inServerSpan(isProduction ? ROOT_CONTEXT : caller, exchange, () => handler.call(this, request, reply));
  };
}

/**
 * Runs `work` in the server span of a request whose caller told its `traceparent` by another way than the header's, such as
 * one that is signed. Without tracing it just runs it.
 */
export function withServerSpan<T>(traceparent: string | undefined, exchange: Exchange, work: () => T): T {
  return isTracing() ? inServerSpan(contextBelow(traceparent), exchange, work) : work();
}

interface Exchange {
  request: FastifyRequest;
  reply: FastifyReply;
  links?: Link[];
}

/**
 * OpenTelemetry, Semantic conventions for HTTP server spans. A GET's query string is not told: it carries variables. The
 * span ends when the response has gone or its connection has.
 */
function inServerSpan<T>(parent: Context, { request, reply, links }: Exchange, work: () => T): T {
  const { method, url, protocol, routeOptions } = request;
  const route = routeOptions.url;
  const span = tracer().startSpan(
    `${method} ${route}`,
    {
      kind: SpanKind.SERVER,
      links,
      attributes: {
        [ATTR_HTTP_REQUEST_METHOD]: method,
        [ATTR_HTTP_ROUTE]: route,
        [ATTR_URL_PATH]: url.split('?', 1)[0],
        [ATTR_URL_SCHEME]: protocol,
      },
    },
    parent,
  );
  reply.raw.once('close', () => end(span, reply));
  return context.with(trace.setSpan(parent, span), work);
}

function end(span: Span, { raw: { statusCode } }: FastifyReply): void {
  span.setAttribute(ATTR_HTTP_RESPONSE_STATUS_CODE, statusCode);
  if (statusCode >= 500) {
    span.setAttribute(ATTR_ERROR_TYPE, String(statusCode));
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}

/** Tells the server span which operation it is; only its name and type, since a document may hold values. */
export const operationSpanPlugin: ApolloServerPlugin = {
  async requestDidStart() {
    if (!isTracing()) return;
    return {
      async didResolveOperation({ operationName, operation, request }) {
        // What the gateway asks itself has no HTTP request, and no span of its own.
        if (!request.http) return;
        trace.getActiveSpan()?.setAttributes({
          'graphql.operation.name': operationName ?? undefined,
          'graphql.operation.type': operation?.operation,
        });
      },
    };
  },
};

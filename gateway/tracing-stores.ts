import type { AsyncLocalStorage } from 'node:async_hooks';
import { type Attributes, type Context, context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  ATTR_DB_COLLECTION_NAME,
  ATTR_DB_OPERATION_NAME,
  ATTR_DB_QUERY_SUMMARY,
  ATTR_DB_QUERY_TEXT,
  ATTR_DB_SYSTEM_NAME,
  ATTR_ERROR_TYPE,
} from '@opentelemetry/semantic-conventions';
import type { Settings } from '../config.ts';
import { codeOf } from './errors.ts';
import { type StoreCall, storeCalls } from './seam.ts';
import { isTracedIn, tracer } from './tracing.ts';
import { serversOf } from './tracing-servers.ts';
import { digest } from './tracing-statement.ts';
import { rowsOf } from './xray.ts';

/**
 * Makes a client span of each store call inside a recorded trace (OpenTelemetry, Semantic conventions for database client
 * spans 1.x), and has what the call does run below it. Statements have placeholders where values stand; parameters and the
 * texts of errors are never told.
 * @param storage of the context manager
 * @returns ends it
 */
export function observeStores(storage: AsyncLocalStorage<Context>, settings: Settings): () => void {
  const servers = serversOf(settings);
  const spans = new WeakMap<StoreCall, { span: Span; asked: string }>();

  const onStart = (message: unknown): Context => {
    const parent = context.active();
    if (!isTracedIn(parent)) return parent;
    const call = message as StoreCall;
    const { name, kind, attributes } = describe(call);
    const { subgraph, batch } = call.origin ?? {};
    const span = tracer().startSpan(
      name,
      {
        kind,
        attributes: {
          ...attributes,
          ...servers.get(call.store),
          'streamshop.subgraph': subgraph,
          'streamshop.batch.query': batch?.query,
          'streamshop.batch.keys': batch?.keys,
        },
      },
      parent,
    );
    spans.set(call, { span, asked: call.statement });
    return trace.setSpan(parent, span);
  };

  const onEnd = (message: unknown) => {
    const call = message as StoreCall;
    const begun = spans.get(call);
    if (!begun) return;
    const { span, asked } = begun;
    // Some statements are known only once they have been made.
    if (call.statement !== asked) {
      const { name, attributes } = describe(call);
      span.updateName(name).setAttributes(attributes);
    }
    span.setAttributes({
      'streamshop.attempts': call.attempts,
      [ATTR_DB_RESPONSE_RETURNED_ROWS]: rowsOf(call) ?? undefined,
    });
    if (call.error !== undefined) {
      span.setAttribute(ATTR_ERROR_TYPE, codeOf(call.error) ?? 'INTERNAL_SERVER_ERROR');
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    span.end();
  };

  storeCalls.start.bindStore(storage as AsyncLocalStorage<unknown>, onStart);
  storeCalls.asyncEnd.subscribe(onEnd);
  return () => {
    storeCalls.start.unbindStore(storage as AsyncLocalStorage<unknown>);
    storeCalls.asyncEnd.unsubscribe(onEnd);
  };
}

/** Not yet stable, and so not in the package's main part. */
const ATTR_DB_RESPONSE_RETURNED_ROWS = 'db.response.returned_rows';

/** Names as `db.system.name` lists them; those that it does not know go by their own. */
const systems: Record<string, string> = { postgres: 'postgresql', mongo: 'mongodb', s3: 'aws.s3' };

interface Description {
  name: string;
  kind: SpanKind;
  attributes: Attributes;
}

/** A call's span: its name, and what is known of the statement. */
function describe({ store, statement }: StoreCall): Description {
  const { summary, operation, collection } = digest(store, statement);
  const name = summary ?? ([operation, collection].filter(Boolean).join(' ') || store);
  if (store === 'kafka') return { name, ...asMessaging(statement, operation, collection) };
  return {
    name,
    kind: SpanKind.CLIENT,
    attributes: {
      [ATTR_DB_SYSTEM_NAME]: systems[store] ?? store,
      [ATTR_DB_QUERY_TEXT]: statement,
      [ATTR_DB_QUERY_SUMMARY]: summary,
      [ATTR_DB_OPERATION_NAME]: operation,
      [ATTR_DB_COLLECTION_NAME]: collection,
    },
  };
}

/** Kafka is no database: its calls go by the conventions for messaging, where what is sent goes on below the sending span. */
function asMessaging(statement: string, operation?: string, topic?: string): Omit<Description, 'name'> {
  const isSending = operation === 'send';
  return {
    kind: isSending ? SpanKind.PRODUCER : SpanKind.CLIENT,
    attributes: {
      'messaging.system.name': 'kafka',
      'messaging.operation.name': operation,
      'messaging.operation.type': isSending ? 'send' : undefined,
      'messaging.destination.name': topic,
      'streamshop.statement': statement,
    },
  };
}

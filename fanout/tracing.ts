import { type Attributes, type Context, context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { ATTR_ERROR_TYPE } from '@opentelemetry/semantic-conventions';
import type { KafkaMessage } from 'kafkajs';
import { codeOf } from '../gateway/errors.ts';
import { contextBelow, isTracing, traceparentIn, tracer } from '../gateway/tracing.ts';
import type { Origin } from './dead-letters.ts';
import type { Item, Reading } from './message.ts';
import type { OutboxRow, Placed } from './outbox.ts';

// Names and attributes: OpenTelemetry, Semantic conventions for messaging spans and for Kafka, as of 1.45.

/** An event that is older is replayed, as into a store that is built anew: nothing that its trace is about. */
const tracedForMs = 3_600_000;

/**
 * Publishes rows, each event that belongs to a trace in a producer span of its own. The span goes along as the row's
 * `traceparent`, so that consumers go on below it.
 */
export async function sendTraced(
  rows: readonly OutboxRow[],
  publish: (rows: readonly OutboxRow[]) => Promise<Placed[]>,
): Promise<Placed[]> {
  if (!isTracing()) return await publish(rows);
  const spans = new Map<string, Span>();
  const sent = rows.map((row) => {
    const { id, topic, payload } = row;
    // Most events have none, and parsing them all would be for nothing.
    if (!payload.includes('"traceparent"')) return row;
    const parent = contextBelow(JSON.parse(payload).traceparent);
    if (!trace.getSpan(parent)) return row;
    const span = start(SpanKind.PRODUCER, parent, { ...messaging('send', topic), 'messaging.message.id': id });
    spans.set(id, span);
    return { ...row, traceparent: traceparentIn(trace.setSpan(parent, span)) };
  });
  try {
    const placed = await publish(sent);
    for (const { row, partition, offset } of placed) spans.get(row.id)?.setAttributes(placeOf(partition, offset));
    return placed;
  } catch (error) {
    for (const span of spans.values()) fail(span, error);
    throw error;
  } finally {
    for (const span of spans.values()) span.end();
  }
}

/**
 * What a message's trace goes on below: its producer's span or, where whoever published it does not trace, its command's.
 * Undefined where nobody exports it.
 */
export function traceparentOf({ headers }: Pick<KafkaMessage, 'headers'>, reading: Reading): string | undefined {
  if (!isTracing() || reading.kind !== 'event') return undefined;
  const { traceparent, time } = reading.event;
  if (!traceparent || Date.now() - Date.parse(time) > tracedForMs) return undefined;
  return headers?.traceparent?.toString() ?? traceparent;
}

/** The spans of the messages that are being applied. */
const processing = new WeakMap<Item, Span>();

/**
 * Applies a run of messages, each event that belongs to a trace in a consumer span of that trace. What is done for the run as
 * a whole, such as the store's calls, stands below the first of them; the others link to it, and it to them.
 */
export async function processTraced<T>(
  run: readonly Item[],
  { topic, partition, sink, group }: Origin & { group: string },
  work: () => Promise<T>,
): Promise<T> {
  if (!isTracing()) return await work();
  const traced = run.flatMap((item) => {
    const { traceparent, offset, reading } = item;
    const parent = traceparent && contextBelow(traceparent);
    if (!parent || !trace.getSpan(parent)) return [];
    const span = start(SpanKind.CONSUMER, parent, {
      ...messaging('process', topic),
      ...placeOf(partition, offset),
      'messaging.consumer.group.name': group,
      'messaging.message.id': reading.kind === 'event' ? reading.event.id : undefined,
      'messaging.batch.message_count': run.length > 1 ? run.length : undefined,
      'streamshop.sink': sink,
    });
    if (!span.isRecording()) return [];
    processing.set(item, span);
    return [{ span, place: trace.setSpan(parent, span) }];
  });
  const [first, ...others] = traced;
  if (!first) return await work();
  first.span.addLinks(others.map(({ span }) => ({ context: span.spanContext() })));
  for (const { span } of others) span.addLink({ context: first.span.spanContext() });
  try {
    return await context.with(first.place, work);
  } catch (error) {
    for (const { span } of traced) fail(span, error);
    throw error;
  } finally {
    for (const { span } of traced) span.end();
  }
}

/** Notes in a message's trace that it became a dead letter. */
export function noteDead(item: Item): void {
  const span = processing.get(item);
  span?.setAttribute(ATTR_ERROR_TYPE, 'dead_letter');
  span?.setStatus({ code: SpanStatusCode.ERROR });
}

const start = (kind: SpanKind, parent: Context, attributes: Attributes): Span =>
  tracer().startSpan(
    `${attributes['messaging.operation.name']} ${attributes['messaging.destination.name']}`,
    { kind, attributes },
    parent,
  );

const messaging = (operation: 'send' | 'process', topic: string): Attributes => ({
  'messaging.system.name': 'kafka',
  'messaging.operation.name': operation,
  'messaging.operation.type': operation,
  'messaging.destination.name': topic,
});

const placeOf = (partition: number, offset: bigint): Attributes => ({
  'messaging.destination.partition.id': String(partition),
  'kafka.offset': Number(offset),
});

/** Not the error's text, in which values may stand. */
function fail(span: Span, error: unknown): void {
  span.setAttribute(ATTR_ERROR_TYPE, codeOf(error) ?? (error instanceof Error ? error.name : 'unknown'));
  span.setStatus({ code: SpanStatusCode.ERROR });
}

import { type Context, context, propagation, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import type { Logger } from 'pino';
import type { Settings } from '../config.ts';

/** Which process it is that exports. */
export interface TracingOptions {
  /** `gateway`, `workers` or `subgraph-NAME`; OTEL_SERVICE_NAME goes before. */
  role: string;
  settings: Settings;
  logger: Logger;
}

let isExporting = false;

/** Whether this process exports traces at all; where it does not, nothing else here costs more than asking. */
export const isTracing = (): boolean => isExporting;

/**
 * Begins to export this process' traces, where OpenTelemetry's own environment variables name a collector
 * (OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT; OpenTelemetry Protocol Exporter, "Endpoint
 * Configuration"); else nothing is loaded and nothing registered. Must be called before @apollo/gateway is loaded: its own
 * copy of the API asks once for a tracer, and never again.
 * @returns ends it, and sends what is left within a bound
 */
export async function startTracing(options: TracingOptions): Promise<AsyncDisposable> {
  if (!isAskedFor(process.env)) return { [Symbol.asyncDispose]: async () => {} };
  const { startExporting } = await import('./tracing-export.ts');
  const exporting = startExporting(options, process.env);
  isExporting = true;
  return {
    [Symbol.asyncDispose]: async () => {
      isExporting = false;
      await exporting[Symbol.asyncDispose]();
    },
  };
}

/** An empty variable counts as one that is not set (OpenTelemetry, Environment Variable Specification). */
function isAskedFor(env: NodeJS.ProcessEnv): boolean {
  if (env.OTEL_SDK_DISABLED?.toLowerCase() === 'true') return false;
  return Boolean(env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || env.OTEL_EXPORTER_OTLP_ENDPOINT);
}

/** Where spans of this project come from. Asked for each time: a tracer outlives neither its provider nor the lack of one. */
export const tracer = () => trace.getTracer('streamshop');

/** Whether the code runs inside a trace that somebody exports. */
export const isTraced = (): boolean => isExporting && isTracedIn(context.active());

/** Whether a context is inside a trace that somebody exports: in a span of this process, or right below another's. */
export function isTracedIn(place: Context): boolean {
  const span = trace.getSpan(place);
  if (!span || span.isRecording()) return span !== undefined;
  const { isRemote, traceFlags } = span.spanContext();
  return isRemote === true && (traceFlags & TraceFlags.SAMPLED) !== 0;
}

/** The trace that the code runs in, W3C Trace Context's trace-id; null where none is exported. */
export const currentTraceId = (): string | null => {
  return isTraced() ? (trace.getActiveSpan()?.spanContext().traceId ?? null) : null;
};

/**
 * The current span as W3C Trace Context's `traceparent`, for whoever goes on with the trace elsewhere; says as well when it
 * is not sampled. Undefined outside of a trace.
 */
export const currentTraceparent = (): string | undefined => (isExporting ? traceparentIn(context.active()) : undefined);

/** A context's span as W3C Trace Context's `traceparent`. */
export function traceparentIn(place: Context): string | undefined {
  const carrier: { traceparent?: string } = {};
  propagation.inject(place, carrier);
  return carrier.traceparent;
}

/** The context below a span of another process; the root where `traceparent` is none (W3C Trace Context, 4.3: start anew). */
export const contextBelow = (traceparent: string | undefined): Context =>
  propagation.extract(ROOT_CONTEXT, { traceparent });

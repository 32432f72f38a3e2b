import { type Attributes, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';

const tracer = trace.getTracer('streamshop');

/** Whether the code runs inside a trace that somebody exports. */
export const isTraced = (): boolean => trace.getActiveSpan()?.isRecording() ?? false;

/** The trace that the code runs in, W3C Trace Context's trace-id; null where none is exported. */
export const currentTraceId = (): string | null => {
  const span = trace.getActiveSpan();
  return span?.isRecording() ? span.spanContext().traceId : null;
};

/** Runs `work` in a span of its own below the current one; outside of a trace it just runs it. */
export async function inSpan<T>(name: string, attributes: Attributes, work: () => Promise<T>): Promise<T> {
  if (!isTraced()) return await work();
  return await tracer.startActiveSpan(name, { kind: SpanKind.INTERNAL, attributes }, async (span) => {
    try {
      return await work();
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}

import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { type Context, context, DiagLogLevel, diag, propagation, trace } from '@opentelemetry/api';
import { setGlobalErrorHandler, W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  type Resource,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
  serviceNameEnvDetector,
} from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { ATTR_SERVICE_NAME } from '@opentelemetry/semantic-conventions';
import type { TracingOptions } from './tracing.ts';
import { contextManagerOver } from './tracing-context.ts';
import { reportingOutages } from './tracing-outages.ts';
import { samplerOf } from './tracing-sampler.ts';
import { observeStores } from './tracing-stores.ts';

/** At the end of a process, the longest that it waits for the collector to take what is left. */
const flushWithinMs = 2_000;
/** Statements are shorter; names that clients choose for their operations may not be. */
const longestAttribute = 4_096;

/**
 * Registers a tracer provider with an OTLP/HTTP exporter. The exporter reads the OTEL_EXPORTER_OTLP_* variables, the
 * resource OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES; since its third version the SDK leaves the others to us:
 * OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG and OTEL_BSP_SCHEDULE_DELAY (OpenTelemetry, Environment Variable Specification).
 * @throws Error when another provider was registered before
 */
export function startExporting({ role, settings, logger }: TracingOptions, env: NodeJS.ProcessEnv): AsyncDisposable {
  const log = logger.child({ part: 'tracing' });
  diag.setLogger(
    {
      error: (message) => log.warn(message),
      warn: (message) => log.warn(message),
      info: (message) => log.debug(message),
      debug: (message) => log.debug(message),
      verbose: (message) => log.trace(message),
    },
    { logLevel: DiagLogLevel.INFO, suppressOverrideMessage: true },
  );
  // What could not be exported is told once an outage, by the exporter.
  setGlobalErrorHandler((error) => log.debug({ err: error }, 'the OpenTelemetry SDK failed'));

  const provider = new TracerProvider({
    resource: resourceOf(role),
    sampler: samplerOf(env, log),
    spanLimits: { attributeValueLengthLimit: longestAttribute },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: reportingOutages(new OTLPTraceExporter(), log),
        scheduledDelayMillis: Number(env.OTEL_BSP_SCHEDULE_DELAY) || undefined,
      }),
    ],
  });
  const storage = new AsyncLocalStorage<Context>();
  const isRegistered =
    context.setGlobalContextManager(contextManagerOver(storage)) &&
    propagation.setGlobalPropagator(new W3CTraceContextPropagator()) &&
    trace.setGlobalTracerProvider(provider);
  if (!isRegistered) throw new Error('another OpenTelemetry provider is registered already');
  const stopObserving = observeStores(storage, settings);

  return {
    [Symbol.asyncDispose]: async () => {
      stopObserving();
      const isDone = new AbortController();
      const flushed = provider.shutdown().catch((error: unknown) => log.debug({ err: error }, 'could not flush'));
      await Promise.race([flushed, delay(flushWithinMs, undefined, { signal: isDone.signal }).catch(() => {})]);
      isDone.abort();
      trace.disable();
      propagation.disable();
      context.disable();
      diag.disable();
    },
  };
}

/** Who exports: what the environment says goes before the role's own name. */
function resourceOf(role: string): Resource {
  const own = resourceFromAttributes({ [ATTR_SERVICE_NAME]: `streamshop-${role}` });
  const detectors = [serviceInstanceIdDetector, resourceAttributesEnvDetector, serviceNameEnvDetector];
  return defaultResource().merge(own).merge(detectResources({ detectors }));
}

import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import type { Logger } from 'pino';

/**
 * The sampler that OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG name; without them every trace, unless whoever began it
 * says otherwise. What they say wrong is logged and ignored (OpenTelemetry, Environment Variable Specification).
 */
export function samplerOf(env: NodeJS.ProcessEnv, logger: Logger): Sampler {
  const byRatio = () => new TraceIdRatioBasedSampler(ratioOf(env.OTEL_TRACES_SAMPLER_ARG, logger));
  const usual = () => new ParentBasedSampler({ root: new AlwaysOnSampler() });
  const samplers = new Map<string, () => Sampler>([
    ['always_on', () => new AlwaysOnSampler()],
    ['always_off', () => new AlwaysOffSampler()],
    ['traceidratio', byRatio],
    ['parentbased_always_on', usual],
    ['parentbased_always_off', () => new ParentBasedSampler({ root: new AlwaysOffSampler() })],
    ['parentbased_traceidratio', () => new ParentBasedSampler({ root: byRatio() })],
  ]);
  const name = env.OTEL_TRACES_SAMPLER || 'parentbased_always_on';
  const make = samplers.get(name);
  if (make) return make();
  logger.warn(`there is no OTEL_TRACES_SAMPLER ${name}; taking parentbased_always_on`);
  return usual();
}

function ratioOf(text: string | undefined, logger: Logger): number {
  if (!text) return 1;
  const ratio = Number(text);
  if (ratio >= 0 && ratio <= 1) return ratio;
  logger.warn(`OTEL_TRACES_SAMPLER_ARG must be between 0 and 1, not ${text}; taking 1`);
  return 1;
}

import { ExportResultCode } from '@opentelemetry/core';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import type { Logger } from 'pino';

/** An exporter that says when its collector cannot take spans and when it can again, however often it fails in between. */
export function reportingOutages(exporter: SpanExporter, logger: Logger): SpanExporter {
  let lost = 0;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        if (result.code === ExportResultCode.FAILED) {
          if (lost === 0)
            logger.warn({ reason: result.error?.message }, 'the collector takes no traces; going on without');
          lost += spans.length;
        } else if (lost > 0) {
          logger.info({ lost }, 'the collector takes traces again');
          lost = 0;
        }
        done(result);
      });
    },
    forceFlush: async () => await exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  };
}

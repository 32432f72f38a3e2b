import pino from 'pino';
import { readSettings } from '../config.ts';
import { rooms } from '../subgraphs/index.ts';
import { endOnSignal } from './end-on-signal.ts';
import { startTracing } from './tracing.ts';

/** The gateway as a process of its own. */
const settings = readSettings();
const logger = pino({ level: settings.logLevel, base: { role: 'gateway' } });
try {
  const tracing = await startTracing({ role: 'gateway', settings, logger });
  // Loaded only now: @apollo/gateway takes the tracer that is there when it is loaded.
  const { startGateway } = await import('./server.ts');
  const gateway = await startGateway({ settings, rooms, logger });
  endOnSignal(gateway, tracing);
  logger.info({ url: gateway.url }, 'ready');
} catch (error) {
  logger.fatal({ err: error }, `the gateway cannot start: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
}

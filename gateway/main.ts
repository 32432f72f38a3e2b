import pino from 'pino';
import { readSettings } from '../config.ts';
import { rooms } from '../subgraphs/index.ts';
import { startGateway } from './server.ts';

/** The gateway as a process of its own. */
const settings = readSettings();
const logger = pino({ level: settings.logLevel, base: { role: 'gateway' } });
try {
  const gateway = await startGateway({ settings, rooms, logger });
  logger.info({ url: gateway.url }, 'ready');
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, async () => {
      await gateway[Symbol.asyncDispose]();
      process.exit(0);
    });
  }
} catch (error) {
  logger.fatal({ err: error }, `the gateway cannot start: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
}

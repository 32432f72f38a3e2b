import { parseArgs } from 'node:util';
import pino from 'pino';
import { readSettings } from '../config.ts';
import { rooms, subgraphPort } from '../subgraphs/index.ts';
import { endOnSignal } from './end-on-signal.ts';
import { startTracing } from './tracing.ts';

// One subgraph as a process of its own.
const names = rooms.map(({ name }) => name);
const help = `Usage: npm run subgraph -- NAME

Serves one subgraph over HTTP, for the gateway alone: ${names.join(', ')}.

SUBGRAPH_<NAME>_URL tells the gateway where it is. SUBGRAPH_SECRET, the same for both, is how it knows the gateway; without it,
the two share one in the profile's folder. HOST and PORT change where it listens.`;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { help: { type: 'boolean', short: 'h' } },
});
const [name = '', ...others] = positionals;
if (values.help) {
  console.log(help);
  process.exit(0);
}
if (!names.includes(name) || others.length > 0) {
  console.error(name ? `There is no subgraph ${positionals.join(' ')}.\n\n${help}` : help);
  process.exit(2);
}

const settings = readSettings();
const logger = pino({ level: settings.logLevel, base: { role: `subgraph-${name}` } });
try {
  const tracing = await startTracing({ role: `subgraph-${name}`, settings, logger });
  const port = process.env.PORT ? settings.gateway.port : subgraphPort(name);
  const { startSubgraph } = await import('./subgraph-server.ts');
  const subgraph = await startSubgraph({ settings, name, rooms, logger, port });
  endOnSignal(subgraph, tracing);
  logger.info(`ready; the gateway finds it with SUBGRAPH_${name.toUpperCase()}_URL=${subgraph.url}`);
} catch (error) {
  logger.fatal({ err: error }, `the subgraph cannot start: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
}

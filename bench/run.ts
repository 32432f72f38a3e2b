import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import pino from 'pino';
import { readSettings, type Settings } from '../config.ts';
import { startGateway } from '../gateway/server.ts';
import { loadedAt } from '../seed/load.ts';
import { bringUp } from '../stack/bring-up.ts';
import { demoData } from '../stack/data.ts';
import { reasonOf, StackError } from '../stack/errors.ts';
import { rooms } from '../subgraphs/index.ts';
import { closeConnections } from './client.ts';
import { fiftyMovies } from './fifty-movies.ts';
import { moviePage } from './movie-page.ts';
import { measurePage } from './page.ts';
import { measureRecordWatch } from './record-watch.ts';
import { pageReport, writeReport } from './report.ts';

const usage = `Usage: npm run bench -- [--size demo|bench] [--here] [--json FILE]

Measures the graph beside the same work written by hand, in one run and one
process, and tells ratios. It starts servers of its own, on other ports than
npm start and npm test, and keeps their data in .streamshop/bench.

  --size demo|bench  how much demo data: as npm start has it, or ten times that
  --here             use the servers that npm start has started. The watches that
                     are recorded stay in its data
  --json FILE        write all figures to a file as well

bench/README.md says what is measured and how to read it.`;

const patienceMs = 60_000;
const tellEveryMs = 10_000;
let toldAt = Number.NEGATIVE_INFINITY;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      size: { type: 'string', default: 'demo' },
      here: { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return console.log(usage);
  const size = (['demo', 'bench'] as const).find((size) => size === values.size);
  if (!size) throw new StackError('USAGE', `--size is demo or bench, not ${values.size}`);

  if (values.here) {
    const settings = readSettings();
    return await measure(settings, values.json);
  }
  // Each size has its data folder; both use the same ports.
  process.env.STREAMSHOP_PROFILE = size === 'demo' ? 'bench' : 'bench-large';
  process.env.STREAMSHOP_PORT_OFFSET ??= '800';
  const settings = readSettings();
  const supervisor = await bringUp({ settings, data: demoData(settings, size) });
  try {
    await measure(settings, values.json);
  } finally {
    await supervisor.stop();
  }
}

/** Measures everything against the servers of these settings, with a gateway in this process. */
async function measure(settings: Settings, jsonFile: string | undefined): Promise<void> {
  const logger = pino({ level: 'silent' });
  await using gateway = await startGateway({ settings: patient(settings), rooms, logger });
  await requireStores(gateway.url);

  const about = {
    node: process.version,
    cores: availableParallelism(),
    profile: settings.profile,
    dataOf: loadedAt(settings).toISOString(),
    measuredAt: new Date().toISOString(),
  };
  console.log(`\nNode ${about.node}, ${about.cores} cores, demo data of ${about.dataOf.slice(0, 10)}\n`);
  const figures = [];
  for (const page of [moviePage, fiftyMovies]) {
    const ofPage = await measurePage(page, gateway, (text) => tell(`${page.name}: ${text}`));
    show(pageReport(ofPage));
    figures.push(ofPage);
  }
  const ofWrites = await measureRecordWatch(gateway, (text) => tell(`record-watch: ${text}`));
  show(writeReport(ofWrites));
  figures.push(ofWrites);
  if (jsonFile) writeFileSync(jsonFile, `${JSON.stringify({ about, figures }, null, 2)}\n`);
  closeConnections();
}

/** A slow page is to be measured and not given up, however busy the machine is. */
function patient(settings: Settings): Settings {
  const { postgres, mongo, redis, kafka, cassandra, clickhouse, neo4j, elasticsearch, qdrant, questdb, s3 } = settings;
  const timeoutMs = patienceMs;
  return {
    ...settings,
    gateway: { ...settings.gateway, port: 0, requestTimeoutMs: patienceMs },
    postgres: { ...postgres, timeoutMs },
    mongo: { ...mongo, timeoutMs },
    redis: { ...redis, timeoutMs },
    kafka: { ...kafka, timeoutMs },
    cassandra: { ...cassandra, timeoutMs },
    clickhouse: { ...clickhouse, timeoutMs },
    neo4j: { ...neo4j, timeoutMs },
    elasticsearch: { ...elasticsearch, timeoutMs },
    qdrant: { ...qdrant, timeoutMs },
    questdb: { ...questdb, timeoutMs },
    s3: { ...s3, timeoutMs },
  };
}

/** @throws StackError when a server does not answer: what it gives would be missing on one side only */
async function requireStores(gatewayUrl: string): Promise<void> {
  const { stores } = (await (await fetch(new URL('/ready', gatewayUrl))).json()) as { stores: Record<string, string> };
  const absent = Object.keys(stores).filter((name) => stores[name] !== 'up');
  if (absent.length === 0) return;
  throw new StackError('NOT_REACHABLE', `${absent.join(', ')} cannot be reached: start the servers with npm start`);
}

/** Progress: on a terminal one line that is written over, elsewhere a line now and then. */
function tell(text: string): void {
  const { isTTY } = process.stderr;
  if (isTTY) process.stderr.write(`\r\x1b[2K${text}`);
  else if (performance.now() > toldAt + tellEveryMs) process.stderr.write(`${text}\n`);
  else return;
  toldAt = performance.now();
}

/** Prints a result where the progress was. */
function show(text: string): void {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[2K');
  console.log(`${text}\n`);
}

try {
  await main();
  process.exit(0);
} catch (error) {
  const isUsage = error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  console.error(error instanceof StackError || isUsage ? reasonOf(error) : error);
  process.exit(1);
}

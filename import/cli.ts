import { resolve } from 'node:path';
import { parseArgs, styleText } from 'node:util';
import { readSettings } from '../config.ts';
import { reasonOf, StackError } from '../stack/errors.ts';
import { importFolder } from './import.ts';
import { describeSummary } from './summary.ts';
import { createTerminal } from './terminal.ts';

const usage = `Usage: npm run import -- FOLDER

Imports a folder in MovieLens format (movies.csv, ratings.csv; tags.csv and links.csv where it has them) into what
npm start has started: films, users, and each rating as a watch at its own time. A bad row is reported and left out.

Ctrl-C stops it after the rows that are being written; the same command goes on there. import/README.md tells more.`;

const terminal = createTerminal(process.stdout);
const stop = new AbortController();

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { help: { type: 'boolean', short: 'h' } },
    allowPositionals: true,
  });
  const [folder, ...more] = positionals;
  if (values.help) return console.log(usage);
  if (folder === undefined || more.length > 0) throw new StackError('USAGE', usage);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // Asked a second time, it does not wait for the chunk: the next import writes it again.
      if (stop.signal.aborted) process.exit(130);
      stop.abort();
      terminal.print('stopping after the rows that are being written …');
    });
  }
  const startedAt = performance.now();
  const summary = await importFolder({
    settings: readSettings(),
    // npm runs scripts in the project's folder; people name folders from where they are.
    folder: resolve(process.env.INIT_CWD ?? process.cwd(), folder),
    onProgress: terminal.show,
    onNotice: terminal.print,
    signal: stop.signal,
  });
  terminal.end();
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  console.log(
    styleText('bold', `${summary.folder} ${summary.wasDone ? 'is imported already' : `is imported (${seconds} s)`}`),
  );
  for (const line of describeSummary(summary)) console.log(`  ${line}`);
  if (summary.notApplied !== undefined) {
    console.log(
      '  Every row is in the sources. See: npm run fanout -- status. Run the import again to wait for the rest.',
    );
    process.exitCode = 1;
  }
}

try {
  await main();
} catch (error) {
  terminal.end();
  if (stop.signal.aborted) {
    console.log('Stopped. The same command goes on from here.');
    process.exit(130);
  }
  const isUsage = error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  console.error(error instanceof StackError || isUsage ? reasonOf(error) : error);
  process.exitCode = 1;
}
// Drivers may keep sockets or timers for a while after they were closed.
process.exit();

import { join } from 'node:path';
import { readSettings, root } from '../config.ts';
import { bringUp } from '../stack/bring-up.ts';
import { demoData } from '../stack/data.ts';
import { reasonOf, StackError } from '../stack/errors.ts';
import { bePatient } from './environment.ts';
import { measure } from './measure.ts';
import { readOptions, usage } from './options.ts';

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2), join(root, 'bench', 'report'));
  if (!options) return console.log(usage);
  bePatient();
  if (options.here) return await measure(readSettings(), options);

  // Each size has its data folder; both use the same ports.
  process.env.STREAMSHOP_PROFILE = options.size === 'demo' ? 'bench' : 'bench-large';
  process.env.STREAMSHOP_PORT_OFFSET ??= '800';
  const settings = readSettings();
  const supervisor = await bringUp({ settings, data: demoData(settings, options.size) });
  try {
    await measure(settings, options, supervisor);
  } finally {
    await supervisor.stop();
  }
}

try {
  await main();
  process.exit(0);
} catch (error) {
  const isUsage = error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  console.error(error instanceof StackError || isUsage ? reasonOf(error) : error);
  process.exit(1);
}

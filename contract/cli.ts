import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { root } from '../config.ts';
import { findBase } from './base.ts';
import { annotationsOf, jsonOf, textOf } from './report.ts';

const help = `Holds the graph to what its clients rely on.

  npm run contract              checks the working tree; exit code 1 where the contract is broken
  npm run contract -- update    writes the supergraph, query plans and event types anew

  --base REVISION    compares with that; without it, where this branch left origin's main one,
                     or HEAD where the contract's files have changed since, or HEAD's parent
  --json FILE        writes the report as JSON as well
  --annotations      prints the findings as GitHub's workflow commands as well
  --help             prints this
`;

const options = {
  base: { type: 'string' },
  json: { type: 'string' },
  annotations: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

try {
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [command, ...more] = positionals;
  if (more.length > 0 || (command !== undefined && command !== 'update'))
    throw new Error(`There is no command "${positionals.join(' ')}".`);
  if (values.help) process.stdout.write(help);
  else if (command === 'update') await runUpdate();
  else await runCheck(values);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n\nnpm run contract -- --help says what there is.\n`);
  process.exitCode = 2;
}

/** The rooms are loaded only when they are needed: that takes a second. */
async function loadProject() {
  const [{ readProject }, { rooms }] = await Promise.all([import('./project.ts'), import('../subgraphs/index.ts')]);
  return readProject(rooms);
}

async function runUpdate(): Promise<void> {
  const { update } = await import('./update.ts');
  const changed = update(await loadProject());
  process.stdout.write(changed.length > 0 ? `Wrote ${changed.join(', ')}.\n` : 'All was fresh.\n');
}

async function runCheck(values: { base?: string; json?: string; annotations?: boolean }): Promise<void> {
  const base = findBase(root, values.base);
  const { holds, runContract } = await import('./run.ts');
  const report = await runContract(await loadProject(), base);
  process.stdout.write(textOf(report, process.stdout));
  if (values.annotations) process.stdout.write(annotationsOf(report));
  if (values.json) writeFileSync(values.json, jsonOf(report));
  process.exitCode = holds(report) ? 0 : 1;
}

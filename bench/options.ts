import { parseArgs } from 'node:util';
import { StackError } from '../stack/errors.ts';

export const sectionNames = ['page', 'writes', 'xray', 'fanout', 'startup'] as const;
export type SectionName = (typeof sectionNames)[number];

/** What the command line asks for. */
export interface Options {
  size: 'demo' | 'bench';
  /** Against the servers that already run. */
  here: boolean;
  only: readonly SectionName[];
  rounds: number;
  /** The folder that the report goes to; null for none. */
  report: string | null;
}

const standardRounds = 20;

export const usage = `Usage: npm run bench -- [--only ${sectionNames.join(',')}] [--rounds N]
                        [--size demo|bench] [--here] [--report FOLDER]

Measures the graph beside the same work written by hand and beside other gateways, in one run, and
tells ratios. It starts servers of its own, on other ports than npm start and npm test, and keeps
their data in .streamshop/bench. The whole takes about half an hour on an idle machine of two cores.

  --only NAME,…      some parts only; a report is then written only where --report says where to
  --rounds N         how often each comparison is repeated (${standardRounds}); fewer say less, and below five
                     each is smaller as well: a trial, to see it all run
  --size demo|bench  how much demo data: as npm start has it, or ten times that
  --here             use the servers that npm start has started. The watches that are recorded stay
                     in its data, and start-up is not measured
  --report FOLDER    where REPORT.md, figures.json and chart.svg go (bench/report)

bench/README.md says what is measured and how to read it.`;

/**
 * Reads the command line; null where it asks for help.
 * @param standardReport the folder of the committed report, which only a whole run at full length writes
 * @throws StackError USAGE that says what is wrong
 */
export function readOptions(args: readonly string[], standardReport: string): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      rounds: { type: 'string', default: String(standardRounds) },
      size: { type: 'string', default: 'demo' },
      here: { type: 'boolean', default: false },
      report: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return null;
  const size = (['demo', 'bench'] as const).find((size) => size === values.size);
  if (!size) throw new StackError('USAGE', `--size is demo or bench, not ${values.size}`);
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new StackError('USAGE', `--rounds is a number, not ${values.rounds}`);
  const only = values.only?.split(',').filter(Boolean).map(sectionNamed) ?? sectionNames;
  const isWhole = only.length === sectionNames.length && rounds >= standardRounds && size === 'demo' && !values.here;
  return { size, here: values.here, only, rounds, report: values.report ?? (isWhole ? standardReport : null) };
}

function sectionNamed(name: string): SectionName {
  const found = sectionNames.find((known) => known === name);
  if (found) return found;
  throw new StackError('USAGE', `--only knows ${sectionNames.join(', ')}, not ${name}`);
}

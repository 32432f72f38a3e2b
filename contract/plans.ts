import { relative } from 'node:path';
import { operationFromDocument, type Supergraph } from '@apollo/federation-internals';
import { prettyFormatQueryPlan, type QueryPlan, QueryPlanner } from '@apollo/query-planner';
import { type Cost, costOf } from './cost.ts';
import type { Finding } from './finding.ts';
import type { Operation } from './operations.ts';
import { operationsPath, plansPath } from './paths.ts';

/** An operation's query plan, with what it costs. */
export interface Plan extends Cost {
  operation: string;
  /** The snapshot's place, relative to the project's root. */
  file: string;
  /** The snapshot. */
  text: string;
}

/** Plans operations as @apollo/gateway does. */
export function planOperations(
  supergraph: Supergraph,
  operations: readonly Operation[],
  storeless: ReadonlySet<string>,
): Plan[] {
  const planner = new QueryPlanner(supergraph);
  const apiSchema = supergraph.apiSchema();
  return operations.map(({ name, file, document }) => {
    const plan = planner.buildQueryPlan(operationFromDocument(apiSchema, document));
    const cost = costOf(plan, storeless);
    return {
      ...cost,
      operation: name,
      file: `${plansPath}/${relative(operationsPath, file).replace(/\.graphql$/, '')}.plan.txt`,
      text: snapshotOf({ file, plan, cost }),
    };
  });
}

const snapshotOf = ({ file, plan, cost }: { file: string; plan: QueryPlan; cost: Cost }): string =>
  `The query plan of ${file}, written by \`npm run contract -- update\`.

fetches: ${cost.fetches}
sequential store rounds: ${cost.storeRounds}

${prettyFormatQueryPlan(plan)}
`;

/** Neither the fetches nor the store rounds of an operation may grow; any other change must be taken in as well. */
export function checkPlans(plans: readonly Plan[], snapshots: ReadonlyMap<string, string>): Finding[] {
  const findings: Finding[] = [];
  const take = 'run `npm run contract -- update` and commit it';
  for (const { operation, file, text, fetches, storeRounds } of plans) {
    const error = (message: string, hint: string) => findings.push({ level: 'error', message, hint, file });
    const snapshot = snapshots.get(file);
    if (snapshot === undefined) {
      error(`The plan of ${operation} has no snapshot.`, `To keep it, ${take}.`);
      continue;
    }
    const grown = [
      ...grownFrom(numberIn(snapshot, 'fetches'), fetches, 'fetches'),
      ...grownFrom(numberIn(snapshot, 'sequential store rounds'), storeRounds, 'sequential store rounds'),
    ];
    if (grown.length > 0)
      error(`${operation} costs more: ${grown.join(', ')}.`, `Ask for it another way. If it is worth that, ${take}.`);
    else if (snapshot !== text)
      error(`${operation} is planned differently, at no more cost.`, `To take that in, ${take}.`);
  }
  const known = new Set(plans.map(({ file }) => file));
  for (const file of snapshots.keys()) {
    if (known.has(file)) continue;
    findings.push({
      level: 'error',
      message: `${file} is the plan of no operation.`,
      hint: `To drop it, ${take}.`,
      file,
    });
  }
  return findings;
}

const grownFrom = (before: number, now: number, what: string) =>
  now > before ? [`${now} ${what} where there were ${before}`] : [];

/** A snapshot's number; 0 where somebody took it out, so that the snapshot is asked for again. */
const numberIn = (snapshot: string, what: string) =>
  Number(new RegExp(`^${what}: (?<number>\\d+)$`, 'm').exec(snapshot)?.groups?.number ?? 0);

import { apiSchemaOf, readSupergraph } from './api.ts';
import { checkAuthorisation } from './authorisation.ts';
import type { Base, NoBase } from './base.ts';
import { checkBreakingChanges } from './breaking.ts';
import { checkFreshness, composedFiles } from './composed.ts';
import { checkDescriptions } from './descriptions.ts';
import { checkEvents, checkEventsFile } from './events.ts';
import type { Finding } from './finding.ts';
import { checkNullability } from './nullability.ts';
import { checkOperations } from './operations.ts';
import * as ownership from './ownership.ts';
import { eventsPath, supergraphPath } from './paths.ts';
import { checkPlans, planOperations } from './plans.ts';
import type { Project } from './project.ts';
import { checkRequires } from './requires.ts';

/** What one check said. */
export interface CheckResult {
  /** What holds where it found nothing. */
  title: string;
  durationMs: number;
  findings: readonly Finding[];
}

export interface Report {
  /** What was compared with, or why nothing was. */
  base: string;
  checks: CheckResult[];
}

/** Whether the contract holds: warnings do not count. */
export const holds = ({ checks }: Report): boolean =>
  checks.every(({ findings }) => findings.every(({ level }) => level !== 'error'));

/**
 * Runs every check. Where the rooms do not compose there is no graph to check further, so the report ends there with what
 * can be told of the rooms alone.
 */
export async function runContract(project: Project, base: Base | NoBase): Promise<Report> {
  const { rooms, subgraphs, storeless, composed, plans, events } = project;
  const checks: CheckResult[] = [];
  const check = async <T extends { findings: readonly Finding[] }>(title: string, run: () => T | Promise<T>) => {
    const startedAt = performance.now();
    const result = await run();
    checks.push({ title, durationMs: performance.now() - startedAt, findings: result.findings });
    return result;
  };
  const earlier = 'none' in base ? null : base;

  const { supergraphSdl } = await check('the subgraphs compose, and the committed files are fresh', () => {
    try {
      const written = composedFiles(rooms);
      return { supergraphSdl: written.get(supergraphPath), findings: checkFreshness(written, composed) };
    } catch (error) {
      const hint = 'Mend the schemas of the subgraphs that it names.';
      return { findings: [{ level: 'error', message: (error as Error).message, hint }] };
    }
  });
  await check('everything has a description', () => ({ findings: checkDescriptions(subgraphs) }));
  await check('a dead store costs its own fields only', () => ({
    findings: [...checkNullability(subgraphs, ownership.owners), ...checkRequires(subgraphs)],
  }));
  await check('what has an owner is guarded', () => ({ findings: checkAuthorisation(subgraphs, ownership) }));
  await check('event types only gain optional fields', () => ({
    findings: [
      ...checkEvents(
        [
          { label: eventsPath, shapes: events.committed },
          ...(earlier ? [{ label: earlier.label, shapes: earlier.events }] : []),
        ],
        events.now,
      ),
      ...checkEventsFile(events.committed, events.now),
    ],
  }));

  if (supergraphSdl) {
    const supergraph = readSupergraph(supergraphSdl);
    const after = apiSchemaOf(supergraph);
    const { operations } = await check('every operation is valid', () => checkOperations(after, project.operations));
    await check('no operation costs more than it did', () => ({
      findings: checkPlans(planOperations(supergraph, operations, storeless), plans),
    }));
    await check('no operation breaks', async () => {
      if (!earlier) return { findings: [] };
      const before = apiSchemaOf(readSupergraph(earlier.supergraph));
      const deployed = checkOperations(before, earlier.operations).operations;
      return { findings: await checkBreakingChanges({ before, after, operations: [...operations, ...deployed] }) };
    });
  }
  return { base: earlier ? earlier.label : `nothing: ${(base as NoBase).none}`, checks };
}

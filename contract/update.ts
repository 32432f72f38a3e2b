import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../config.ts';
import { apiSchemaOf, readSupergraph } from './api.ts';
import { composedFiles } from './composed.ts';
import { checkEvents, checkEventsFile } from './events.ts';
import { checkOperations } from './operations.ts';
import { eventsPath, type Files, supergraphPath } from './paths.ts';
import { planOperations } from './plans.ts';
import type { Project } from './project.ts';

/**
 * Writes what composing gives: the supergraph, the schemas that rooms make, Rover's configuration.
 * @returns the files that it changed
 * @throws Error that lists every composition error
 */
export const writeComposed = ({ rooms, composed }: Project): string[] => replace(composed, composedFiles(rooms));

/**
 * Takes in what has changed: what composing gives, the plans of the valid operations, and what event types have gained. Event
 * types that have broken are left as they are committed.
 * @returns the files that it changed
 * @throws Error that lists every composition error
 */
export function update(project: Project): string[] {
  const composed = composedFiles(project.rooms);
  const changed = replace(project.composed, composed);
  const supergraph = readSupergraph(composed.get(supergraphPath) ?? '');
  const { operations } = checkOperations(apiSchemaOf(supergraph), project.operations);
  const plans = planOperations(supergraph, operations, project.storeless);
  changed.push(...replace(project.plans, new Map(plans.map(({ file, text }) => [file, text]))));

  const { committed, now } = project.events;
  const isGain = checkEvents([{ label: eventsPath, shapes: committed }], now).length === 0;
  if (isGain && checkEventsFile(committed, now).length > 0) {
    writeFileSync(join(root, eventsPath), JSON.stringify(now));
    execFileSync(join(root, 'node_modules', '.bin', 'biome'), ['format', '--write', eventsPath], {
      cwd: root,
      stdio: 'pipe',
    });
    changed.push(eventsPath);
  }
  return changed;
}

/** Writes the files that differ, deletes those that are no longer there, and names both. */
function replace(before: Files, after: Files): string[] {
  const written = [...after].filter(([file, text]) => before.get(file) !== text);
  for (const [file, text] of written) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  const gone = [...before.keys()].filter((file) => !after.has(file));
  for (const file of gone) rmSync(join(root, file));
  return [...written.map(([file]) => file), ...gone];
}

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../config.ts';
import type { Room } from '../gateway/room.ts';
import { typeDefsOf } from '../gateway/subgraph.ts';
import { currentEvents, type EventShapes, parseEvents } from './events.ts';
import type { OperationFile } from './operations.ts';
import {
  eventsPath,
  type Files,
  madeSchemaPath,
  operationsGlob,
  plansPath,
  roomSchemaPath,
  roverPath,
  supergraphPath,
} from './paths.ts';
import type { Subgraph } from './subgraph.ts';

/** Everything that the contract is about, as it lies in the working tree. */
export interface Project {
  rooms: readonly Room[];
  subgraphs: Subgraph[];
  /** Subgraphs that only compute. */
  storeless: ReadonlySet<string>;
  /** The committed files that composing writes. */
  composed: Files;
  operations: OperationFile[];
  /** The committed query plans. */
  plans: Files;
  events: { now: EventShapes; committed: EventShapes | null };
}

/** Reads the working tree. */
export function readProject(rooms: readonly Room[]): Project {
  return {
    rooms,
    subgraphs: rooms.map((room) => ({
      ...{ name: room.name, file: roomSchemaPath(room.name), typeDefs: typeDefsOf(room) },
    })),
    storeless: new Set(rooms.filter(({ open }) => !open).map(({ name }) => name)),
    composed: readFiles(supergraphPath, roverPath, madeSchemaPath('*')),
    operations: [...readFiles(operationsGlob)].map(([file, text]) => ({ file, text })),
    plans: readFiles(`${plansPath}/**/*.plan.txt`),
    events: { now: currentEvents(), committed: parseEvents(readFiles(eventsPath).get(eventsPath) ?? '') },
  };
}

/** The files that match, in the order of their names. */
const readFiles = (...patterns: string[]): Files =>
  new Map(
    globSync(patterns, { cwd: root })
      .toSorted()
      .map((file) => [file, readFileSync(join(root, file), 'utf8')]),
  );

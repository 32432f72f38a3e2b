import type { Settings } from '../config.ts';
import { openProgress } from '../fanout/caught-up.ts';
import { compare, figuresOf } from './figures.ts';
import { measureRound, type Round } from './interleave.ts';
import { type Level, type LevelPlan, sizeLevel } from './measure-page.ts';
import { levelTable } from './page-tables.ts';
import type { Section } from './section.ts';
import { gatewaySide, handSides, type Sides } from './sides.ts';
import type { Stores } from './stores.ts';
import { untilApplied } from './until-applied.ts';
import { inTurn, newWatch, openWriters } from './writers.ts';

const mutation = 'mutation RecordWatch($input: RecordWatchInput!) { recordWatch(input: $input) { event { id } } }';
const levels: LevelPlan[] = [
  { connections: 1, operations: 12 },
  { connections: 16, operations: 160, every: 4 },
];
const writers = 16;

export interface WritesSectionOptions {
  sides: Sides;
  stores: Stores;
  settings: Settings;
  rounds: number;
  tell(text: string): void;
}

/**
 * The mutation recordWatch beside an endpoint by hand that runs the same command: the same rows and the same outbox event. Before
 * the next block begins, every sink has applied the last one's events.
 */
export async function writesSection({ sides, stores, settings, rounds, tell }: WritesSectionOptions): Promise<Section> {
  const userIds = await openWriters(stores.postgres, writers);
  const tokens = await Promise.all(userIds.map((userId) => stores.sessions.create({ userId, scopes: [] })));
  const nextToken = inTurn(tokens);
  const request = () => ({
    body: JSON.stringify({ query: mutation, variables: { input: newWatch() } }),
    token: nextToken(),
  });
  await using progress = await openProgress(settings);
  const measured = [...handSides(sides.hand, { name: 'record-watch' }), gatewaySide(sides.graph)];
  const optionsOf = ({ connections, operations }: LevelPlan) => ({
    ...{ connections, operations, load: sides.load },
    requestsOf: () => Array.from({ length: operations }, request),
    settle: () => untilApplied(progress),
  });
  const sized = levels.map((level) => sizeLevel(level, rounds));

  tell('warming up');
  await measureRound(measured, optionsOf(sizeLevel({ connections: 4, operations: 120 }, rounds)));
  const roundsOf = new Map<number, Round[]>(levels.map(({ connections }) => [connections, []]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const level of sized.filter(({ isIn }) => isIn(round))) {
      tell(`round ${round} of ${rounds}, ${level.connections} at once`);
      roundsOf.get(level.connections)?.push(await measureRound(measured, optionsOf(level)));
    }
  }
  const figures = sized.map(({ connections, operations, blocks }): Level => {
    const ofLevel = roundsOf.get(connections) ?? [];
    return {
      ...{ connections, blocks, operations },
      sides: measured.map((side) => figuresOf(ofLevel, side)),
      comparisons: ['again', 'graph'].map((name) => compare(ofLevel, name, 'hand')),
    };
  });
  return {
    ...{ name: 'record-watch', title: 'The write path: recordWatch', figures },
    tables: figures.map(levelTable),
    remarks: [],
  };
}

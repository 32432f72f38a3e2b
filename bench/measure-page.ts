import { setTimeout as delay } from 'node:timers/promises';
import { type Comparison, compare, figuresOf, type SideFigures } from './figures.ts';
import { measureRound, type Round, type Side } from './interleave.ts';
import { bodyOf, type Page } from './pages.ts';
import type { Child } from './processes/parent.ts';
import { requireSameData } from './same-data.ts';
import { sizing } from './trial.ts';

/** A page at one number of connections. */
export interface Level {
  connections: number;
  /** How many blocks of how many requests each side has had. */
  blocks: number;
  operations: number;
  sides: SideFigures[];
  comparisons: Comparison[];
}

export interface MeasurePageOptions {
  page: Page;
  /** Of a session each; see `openSessions`. */
  tokens: readonly string[];
  load: Child;
  sides: readonly Side[];
  /** Who is divided by whom. */
  compared: readonly (readonly [over: string, under: string])[];
  levels: readonly LevelPlan[];
  rounds: number;
  tell(text: string): void;
}

/** What is to be measured at one number of connections. */
export interface LevelPlan {
  connections: number;
  /** Of a block: ten a connection or more, so that most of them have company all the time. */
  operations: number;
  /** Only every so manyth round, where blocks are long. @default 1 */
  every?: number;
  /** Sides that are measured in the same rounds and are no page. */
  beside?: readonly Side[];
}

/** Fewer requests a connection, and `steadyOf` would leave none. */
const leastPerConnection = 3;

/** A level in a run of so many rounds: which of them it has its blocks in, and how long these are. */
export function sizeLevel<Plan extends LevelPlan>(plan: Plan, rounds: number) {
  const { connections, every = 1 } = plan;
  const operations = sizing(rounds)(plan.operations, leastPerConnection * connections);
  return { ...plan, operations, isIn: (round: number) => (round - 1) % every === 0, blocks: Math.ceil(rounds / every) };
}

const warmUpPages = 60;
const firstTries = 20;
const tryAgainMs = 500;

/**
 * Measures a page on all sides: each round has a block of each, at the numbers of connections that are in it.
 * @returns also the blocks themselves, by the number of connections
 */
export async function measurePage(options: MeasurePageOptions) {
  const { page, tokens, load, sides, compared, levels, rounds, tell } = options;
  const body = bodyOf(page);
  const requests = tokens.map((token) => ({ body, token }));
  const requestsOf = () => requests;
  tell('warming up');
  const all = [...sides, ...levels.flatMap(({ beside = [] }) => beside)];
  await measureRound(all, { load, requestsOf, connections: 4, operations: sizing(rounds)(warmUpPages) });

  const sized = levels.map((level) => sizeLevel(level, rounds));
  const measured = new Map<number, Round[]>(levels.map(({ connections }) => [connections, []]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const { connections, operations, beside = [] } of sized.filter(({ isIn }) => isIn(round))) {
      tell(`round ${round} of ${rounds}, ${connections} at once`);
      const block = { load, requestsOf, connections, operations };
      measured.get(connections)?.push(await measureRound([...sides, ...beside], block));
    }
  }
  const figures = sized.map(({ connections, operations, blocks }): Level => {
    const ofLevel = measured.get(connections) ?? [];
    return {
      ...{ connections, blocks, operations },
      sides: sides.map((side) => figuresOf(ofLevel, side)),
      comparisons: compared.map(([over, under]) => compare(ofLevel, over, under)),
    };
  });
  return { levels: figures, rounds: measured };
}

interface Asked {
  page: Page;
  token: string;
  load: Child;
}

/**
 * How long each side took for the first page, whose plan had to be made. A store's client that cannot connect at once, as on a busy
 * machine, is given another try: from then on, any error ends the run.
 * @returns milliseconds, by side
 */
export async function askFirst(sides: readonly Side[], { page, token, load }: Asked): Promise<Record<string, number>> {
  const request = { body: bodyOf(page), token };
  const took: Record<string, number> = {};
  for (const { name, url } of sides) {
    for (let triesLeft = firstTries; took[name] === undefined; triesLeft -= 1) {
      const startedAt = performance.now();
      try {
        await load.ask('answerOf', { url, request });
        took[name] = performance.now() - startedAt;
      } catch (error) {
        if (triesLeft === 1) throw error;
        await delay(tryAgainMs);
      }
    }
  }
  return took;
}

/** @throws AssertionError that shows the difference, when a side's answer differs from the first one's */
export async function requireSameAnswers(sides: readonly Side[], { page, token, load }: Asked): Promise<void> {
  const request = { body: bodyOf(page), token };
  // At once, since the last sixty minutes are others when the next one begins.
  const texts = await Promise.all(sides.map(({ url }) => load.ask<string>('answerOf', { url, request })));
  const [first, ...others] = texts.map((text) => JSON.parse(text).data);
  others.forEach((data, index) => {
    const title = sides[index + 1]?.title;
    requireSameData(data, first, `${page.title}: ${title} answers otherwise than ${sides[0]?.title}`);
  });
}

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
  requests: number;
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
  levels: readonly { connections: number; operations: number }[];
  rounds: number;
  tell(text: string): void;
}

const warmUpPages = 120;
const firstTries = 20;
const tryAgainMs = 500;

/** Measures a page on all sides: each round has a block of each, at each number of connections. */
export async function measurePage(options: MeasurePageOptions): Promise<Level[]> {
  const { page, tokens, load, sides, compared, levels, rounds, tell } = options;
  const body = bodyOf(page);
  const requests = tokens.map((token) => ({ body, token }));
  const requestsOf = () => requests;
  tell('warming up');
  const size = sizing(rounds);
  await measureRound(sides, { load, requestsOf, connections: 4, operations: size(warmUpPages) });

  const sized = levels.map(({ connections, operations }) => ({
    connections,
    operations: size(operations, connections),
  }));
  const measured = new Map<number, Round[]>(levels.map(({ connections }) => [connections, []]));
  for (let done = 1; done <= rounds; done += 1) {
    for (const { connections, operations } of sized) {
      tell(`round ${done} of ${rounds}, ${connections} at once`);
      measured.get(connections)?.push(await measureRound(sides, { load, requestsOf, connections, operations }));
    }
  }
  return sized.map(({ connections, operations }) => {
    const ofLevel = measured.get(connections) ?? [];
    return {
      ...{ connections, requests: rounds * operations },
      sides: sides.map((side) => figuresOf(ofLevel, side)),
      comparisons: compared.map(([over, under]) => compare(ofLevel, over, under)),
    };
  });
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

import type { Job } from './processes/load.ts';
import type { Child } from './processes/parent.ts';
import { shuffled } from './statistics.ts';
import type { Steady } from './steady.ts';

/** An endpoint that is measured. */
export interface Side<Name extends string = string> {
  name: Name;
  title: string;
  url: string;
  /** The process that listens there. */
  server: Child;
  /** A process that works for it: the subgraphs' one, of a gateway that asks them over HTTP. */
  behind?: Child;
}

/** What a side needed for a block of requests; CPU for all of them, times and rate while all connections were busy. */
export interface Block extends Steady {
  /** Of the server's process, for each request. */
  cpuMs: number;
  /** With the process behind it, where there is one. */
  allCpuMs: number;
}

/** One block of each side, measured right after one another. */
export type Round = Readonly<Record<string, Block>>;

export interface InterleaveOptions {
  /** The process that asks. */
  load: Child;
  /** Gives the requests of a side's next block, asked in turn. */
  requestsOf(side: Side): Job['requests'];
  /** How many requests a block has. */
  operations: number;
  /** How many of them are on their way at once. */
  connections: number;
  /** Awaited after each block, so that what one side has left running does not burden the next. */
  settle?(): Promise<void>;
}

/** Measures a block of each side, in a random order: no side profits from its place. */
export async function measureRound(sides: readonly Side[], options: InterleaveOptions): Promise<Round> {
  const round: Record<string, Block> = {};
  for (const side of shuffled(sides)) {
    round[side.name] = await measureBlock(side, options);
    await options.settle?.();
  }
  return round;
}

async function measureBlock(side: Side, { load, requestsOf, operations, connections }: InterleaveOptions) {
  const job: Job = { url: side.url, requests: requestsOf(side), operations, connections };
  const before = await cpuOf(side);
  const steady = await load.ask<Steady>('run', job);
  const after = await cpuOf(side);
  return {
    cpuMs: (after.server - before.server) / operations,
    allCpuMs: (after.server + after.behind - before.server - before.behind) / operations,
    ...steady,
  };
}

async function cpuOf({ server, behind }: Side) {
  const [own, other] = await Promise.all([server.ask<number>('cpu'), behind?.ask<number>('cpu') ?? 0]);
  return { server: own, behind: other };
}

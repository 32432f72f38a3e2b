import { setTimeout as delay } from 'node:timers/promises';
import { readSettings } from '../../config.ts';
import { recordWatches } from '../../subgraphs/postgres/commands.ts';
import { openPostgres } from '../../subgraphs/postgres/store.ts';
import { inTurn, newWatch, openWriters } from '../writers.ts';
import { answerParent } from './child.ts';

/** A watch that was recorded, with its times in milliseconds of the epoch. */
export interface Written {
  eventId: string;
  /** When it should have been asked for. */
  dueMs: number;
  committedMs: number;
}

/** Enough that hardly ever two transactions wait for the same user, whose row each locks. */
const writers = 256;
const tickMs = 2;

const postgres = openPostgres(readSettings().postgres);
const nextUser = inTurn(await openWriters(postgres, writers));
const nowMs = () => performance.timeOrigin + performance.now();

export interface Timetable {
  perSecond: number;
  seconds: number;
  perTransaction: number;
}

/** Records watches by a timetable, however long each transaction takes: an open loop. */
async function schedule({ perSecond, seconds, perTransaction }: Timetable): Promise<Written[]> {
  const startMs = nowMs();
  const total = (perSecond * seconds) / perTransaction;
  const everyMs = (1_000 * perTransaction) / perSecond;
  const writing: Promise<Written[]>[] = [];
  while (writing.length < total) {
    const dueByNow = Math.min(total, Math.floor((nowMs() - startMs) / everyMs) + 1);
    while (writing.length < dueByNow) writing.push(write(startMs + writing.length * everyMs, perTransaction));
    await delay(tickMs);
  }
  return (await Promise.all(writing)).flat();
}

async function write(dueMs: number, count: number): Promise<Written[]> {
  const watches = Array.from({ length: count }, () => ({ ...newWatch(), userId: nextUser() }));
  const recorded = await recordWatches(postgres, watches);
  const committedMs = nowMs();
  return recorded.map(({ eventId }) => ({ eventId, dueMs, committedMs }));
}

/** Records many watches at once, a thousand a transaction. */
const batch = ({ count }: { count: number }): Promise<Written[]> => write(nowMs(), count);

answerParent(null, { schedule, batch });

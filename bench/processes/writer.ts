import { setTimeout as delay } from 'node:timers/promises';
import { readSettings } from '../../config.ts';
import { recordWatch, recordWatches } from '../../subgraphs/postgres/commands.ts';
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

/** Enough that hardly ever two watches wait for the same user, whose row each locks. */
const writers = 256;
const tickMs = 2;

const postgres = openPostgres(readSettings().postgres);
const nextUser = inTurn(await openWriters(postgres, writers));
const nowMs = () => performance.timeOrigin + performance.now();

/** Records watches by a timetable, however long each takes: an open loop. */
async function schedule({ perSecond, seconds }: { perSecond: number; seconds: number }): Promise<Written[]> {
  const startMs = nowMs();
  const total = perSecond * seconds;
  const writing: Promise<Written>[] = [];
  while (writing.length < total) {
    const dueByNow = Math.min(total, Math.floor(((nowMs() - startMs) * perSecond) / 1_000) + 1);
    while (writing.length < dueByNow) writing.push(write(startMs + (writing.length * 1_000) / perSecond));
    await delay(tickMs);
  }
  return await Promise.all(writing);
}

async function write(dueMs: number): Promise<Written> {
  const { eventId } = await recordWatch(postgres, { ...newWatch(), userId: nextUser() });
  return { eventId, dueMs, committedMs: nowMs() };
}

/** Records many watches at once, a thousand a transaction. */
async function batch({ count }: { count: number }): Promise<Written[]> {
  const dueMs = nowMs();
  const recorded = await recordWatches(
    postgres,
    Array.from({ length: count }, () => ({ ...newWatch(), userId: nextUser() })),
  );
  const committedMs = nowMs();
  return recorded.map(({ eventId }) => ({ eventId, dueMs, committedMs }));
}

answerParent(null, { schedule, batch });

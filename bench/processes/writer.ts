import { setTimeout as delay } from 'node:timers/promises';
import { readSettings } from '../../config.ts';
import { reportPlaybacks } from '../../subgraphs/kafka/commands.ts';
import { openKafka } from '../../subgraphs/kafka/store.ts';
import { addComment, editPost } from '../../subgraphs/mongo/commands.ts';
import { openMongo } from '../../subgraphs/mongo/store.ts';
import { recordWatches } from '../../subgraphs/postgres/commands.ts';
import { openPostgres } from '../../subgraphs/postgres/store.ts';
import { reportKey } from '../event-places.ts';
import { inTurn, newReport, newText, newWatch, openPosts, openWriters } from '../writers.ts';
import { answerParent } from './child.ts';

/** The types of events that are written here: together they reach every sink. */
export const writtenTypes = ['watch.recorded', 'playback.reported', 'post.changed', 'comment.added'] as const;
export type WrittenType = (typeof writtenTypes)[number];

/** An event that was written, with its times in milliseconds of the epoch. */
export interface Written {
  type: WrittenType;
  /** Its id; of a playback report, whose command tells none, its `reportKey`. */
  id: string;
  /** When it should have been asked for. */
  dueMs: number;
  /** When its command had answered: what is Kafka's alone counts as committed when Kafka has it. */
  committedMs: number;
}

/** Enough that hardly ever two transactions wait for the same user, whose row each locks. */
const writers = 256;
const postCount = 64;
const tickMs = 2;

const settings = readSettings();
const postgres = openPostgres(settings.postgres);
const mongo = openMongo(settings.mongo);
const kafka = openKafka(settings.kafka, []);
const userIds = await openWriters(postgres, writers);
const nextUser = inTurn(userIds);
const nextPost = inTurn(await openPosts(mongo, userIds.slice(0, postCount)));
const nowMs = () => performance.timeOrigin + performance.now();

/** Writes some events of a type with the commands that the graph's mutations run, and gives their ids. */
const commands: Record<WrittenType, (count: number) => Promise<string[]>> = {
  'watch.recorded': async (count) => {
    const watches = times(count, () => ({ ...newWatch(), userId: nextUser() }));
    return (await recordWatches(postgres, watches)).map(({ eventId }) => eventId);
  },
  'playback.reported': async (count) => {
    const reports = times(count, () => newReport(nextUser()));
    await reportPlaybacks(kafka, reports);
    return reports.map(({ userId, measuredAt }) => reportKey(userId, measuredAt.toISOString()));
  },
  'post.changed': (count) =>
    Promise.all(times(count, async () => (await editPost(mongo, { ...nextPost(), body: newText() })).eventId)),
  'comment.added': (count) =>
    Promise.all(
      times(count, async () => {
        const { postId } = nextPost();
        const comment = { postId, authorId: nextUser(), body: newText(), idempotencyKey: crypto.randomUUID() };
        return (await addComment(mongo, comment)).eventId;
      }),
    ),
};

const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

/** How many events of each type a second. */
export interface Stream {
  type: WrittenType;
  perSecond: number;
  /** So many at a time; watches then share a transaction. */
  atOnce: number;
}

/** Writes by a timetable, however long each command takes: an open loop. */
async function schedule({ streams, seconds }: { streams: readonly Stream[]; seconds: number }): Promise<Written[]> {
  const startMs = nowMs();
  return (await Promise.all(streams.map((stream) => run(stream, { startMs, seconds })))).flat();
}

async function run({ type, perSecond, atOnce }: Stream, { startMs, seconds }: { startMs: number; seconds: number }) {
  const total = Math.ceil((perSecond * seconds) / atOnce);
  const everyMs = (1_000 * atOnce) / perSecond;
  const writing: Promise<Written[]>[] = [];
  while (writing.length < total) {
    const dueByNow = Math.min(total, Math.floor((nowMs() - startMs) / everyMs) + 1);
    while (writing.length < dueByNow) writing.push(write(type, atOnce, startMs + writing.length * everyMs));
    await delay(tickMs);
  }
  return (await Promise.all(writing)).flat();
}

async function write(type: WrittenType, count: number, dueMs: number): Promise<Written[]> {
  const ids = await commands[type](count);
  const committedMs = nowMs();
  return ids.map((id) => ({ type, id, dueMs, committedMs }));
}

/** Records many watches at once, a thousand a transaction. */
const batch = ({ count }: { count: number }): Promise<Written[]> => write('watch.recorded', count, nowMs());

answerParent(null, { schedule, batch });

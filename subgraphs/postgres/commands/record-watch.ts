import * as z from 'zod';
import { type ArgumentPath, badInput, checkInput, idText } from '../../../gateway/input.ts';
import { devices, qualities, watchActions } from '../../../schema/events/watch.ts';
import { type KeyedEvent, makeEvent, writeOutbox } from '../outbox.ts';
import type { PostgresStore, Transaction } from '../store.ts';
import { pastInstant } from './instant.ts';
import { advance, type Playback } from './playback.ts';
import { lockUsers, missing } from './users.ts';

/** A cut may run longer than the catalogue says. */
const runtimeSlackSeconds = 600;
const rowsPerTransaction = 1_000;

const watchInput = z.object({
  userId: idText,
  movieId: idText,
  action: z.enum(watchActions),
  watchedAt: pastInstant.nullish(),
  positionSeconds: z.int().nonnegative('is negative'),
  durationSeconds: z.int().nonnegative('is negative'),
  device: z.enum(devices),
  quality: z.enum(qualities),
  idempotencyKey: z.string().regex(/^[\x21-\x7e]{1,128}$/, 'has 1 to 128 printable ASCII characters without spaces'),
});

/** What a user did; `watchedAt` is now, if left out. */
export type RecordWatch = z.input<typeof watchInput>;

/** A watch as it was recorded, now or by an earlier call with the same key. */
export interface RecordedWatch {
  eventId: string;
  userId: string;
  movieId: string;
  action: (typeof watchActions)[number];
  watchedAt: Date;
  positionSeconds: number;
  durationSeconds: number;
  device: (typeof devices)[number];
  quality: (typeof qualities)[number];
  idempotencyKey: string;
}

/** A checked input and where the caller gave it. */
interface Wanted {
  input: z.output<typeof watchInput>;
  path: ArgumentPath;
}

/** Records one watch; see `recordWatches`. Its arguments' paths begin with `input`. */
export async function recordWatch(store: PostgresStore, input: RecordWatch): Promise<RecordedWatch> {
  const [recorded] = await recordBatch(store, [want(input, ['input'])]);
  return recorded as RecordedWatch;
}

/**
 * Records watches in their order, raises the playbacks' versions and writes an event `watch.recorded` for each. A watch
 * whose user has used the same idempotency key for the same content is not recorded again but given as it was recorded.
 * More than a thousand go in several transactions, which is safe to repeat as a whole because of the keys.
 * @throws BAD_USER_INPUT or NOT_FOUND with the argument's path; the transaction that it concerns has then written nothing
 */
export async function recordWatches(store: PostgresStore, inputs: readonly RecordWatch[]): Promise<RecordedWatch[]> {
  const wanted = inputs.map((input, index) => want(input, ['inputs', index]));
  const recorded: RecordedWatch[] = [];
  for (let at = 0; at < wanted.length; at += rowsPerTransaction) {
    recorded.push(...(await recordBatch(store, wanted.slice(at, at + rowsPerTransaction))));
  }
  return recorded;
}

const want = (input: RecordWatch, path: ArgumentPath): Wanted => ({ input: checkInput(watchInput, input, path), path });

function recordBatch(store: PostgresStore, wanted: readonly Wanted[]): Promise<RecordedWatch[]> {
  return store.transaction('record watches', async (tx) => {
    await lockUsers(
      tx,
      wanted.map(({ input: { userId }, path }) => ({ userId, path: [...path, 'userId'] })),
    );
    const recorded = await readRecorded(tx, wanted);
    const positions = await readPositions(tx, wanted);

    const changed = new Map<string, object>();
    const news: { watch: RecordedWatch; event: KeyedEvent }[] = [];
    const answers = wanted.map(({ input, path }) => {
      const key = `${input.userId} ${input.idempotencyKey}`;
      const earlier = recorded.get(key);
      if (earlier) return checkSame(earlier, { input, path });

      const { userId, movieId } = input;
      const position = positions.get(`${userId}/${movieId}`);
      if (!position) throw missing('movie', movieId, [...path, 'movieId']);
      checkWithinRuntime({ input, path }, position.runtimeSeconds);
      const step = { ...input, watchedAt: input.watchedAt ?? new Date(), runtimeSeconds: position.runtimeSeconds };
      const before = position.playback;
      const playback = advance(before, step);
      position.playback = playback;
      changed.set(`${userId}/${movieId}`, { userId, movieId, ...playback });

      const event = eventOf(step, before, playback);
      const watch = { ...input, watchedAt: step.watchedAt, eventId: event.event.id };
      news.push({ watch, event });
      recorded.set(key, watch);
      return watch;
    });

    if (news.length > 0) {
      await writePlaybacks(tx, [...changed.values()]);
      const watches = news.map(({ watch, event }) => ({ ...watch, recordedAt: event.event.time }));
      await writeWatches(tx, watches);
      const events = news.map(({ event }) => event);
      await writeOutbox(tx, events);
    }
    return answers;
  });
}

/** What is recorded under these idempotency keys, by user and key. A statement begun after the lock sees all of it. */
async function readRecorded(tx: Transaction, wanted: readonly Wanted[]): Promise<Map<string, RecordedWatch>> {
  const keys = wanted.map(({ input: { userId, idempotencyKey } }) => ({ userId, idempotencyKey }));
  const rows = await tx.$queryRaw<RecordedWatch[]>`
    SELECT event_id AS "eventId", user_id AS "userId", movie_id AS "movieId", action, watched_at AS "watchedAt",
           position_seconds AS "positionSeconds", duration_seconds AS "durationSeconds", device, quality,
           idempotency_key AS "idempotencyKey"
    FROM jsonb_to_recordset(${JSON.stringify(keys)}::jsonb) AS wanted ("userId" text, "idempotencyKey" text)
    JOIN user_watch ON user_id = "userId" AND idempotency_key = "idempotencyKey"`;
  return new Map(rows.map((row) => [`${row.userId} ${row.idempotencyKey}`, row]));
}

interface Position {
  runtimeSeconds: number;
  /** Absent before the first watch. */
  playback?: Playback;
}

/** Where each user stands in each movie, by `user/movie`; absent for a movie that does not exist. */
async function readPositions(tx: Transaction, wanted: readonly Wanted[]): Promise<Map<string, Position>> {
  const pairs = wanted.map(({ input: { userId, movieId } }) => ({ userId, movieId }));
  const rows = await tx.$queryRaw<({ userId: string; movieId: string; runtimeSeconds: number } & Nullable<Playback>)[]>`
    SELECT DISTINCT "userId", "movieId", runtime_minutes * 60 AS "runtimeSeconds", playback.version,
           last_watched_at AS "lastWatchedAt", position_seconds AS "positionSeconds", completed
    FROM jsonb_to_recordset(${JSON.stringify(pairs)}::jsonb) AS pair ("userId" text, "movieId" text)
    JOIN movies ON movies.id = "movieId"
    LEFT JOIN playback ON user_id = "userId" AND movie_id = "movieId"`;
  return new Map(
    rows.map(({ userId, movieId, runtimeSeconds, ...playback }) => [
      `${userId}/${movieId}`,
      playback.version === null ? { runtimeSeconds } : { runtimeSeconds, playback: playback as Playback },
    ]),
  );
}

type Nullable<T> = { [Name in keyof T]: T[Name] | null };

/**
 * The earlier watch, where the call repeats it. A `watchedAt` that was left out was another now, and is not compared.
 * @throws BAD_USER_INPUT when the content differs: silence would lose a watch
 */
function checkSame(earlier: RecordedWatch, { input, path }: Wanted): RecordedWatch {
  const names = ['movieId', 'action', 'positionSeconds', 'durationSeconds', 'device', 'quality'] as const;
  const isSameTime = !input.watchedAt || input.watchedAt.getTime() === earlier.watchedAt.getTime();
  if (isSameTime && names.every((name) => input[name] === earlier[name])) return earlier;
  throw badInput('This idempotency key has been used for another watch.', [...path, 'idempotencyKey']);
}

function checkWithinRuntime({ input, path }: Wanted, runtimeSeconds: number): void {
  for (const name of ['positionSeconds', 'durationSeconds'] as const) {
    if (input[name] <= runtimeSeconds + runtimeSlackSeconds) continue;
    throw badInput(`${name} is beyond the movie's end, which is at ${runtimeSeconds} s.`, [...path, name]);
  }
}

type Step = Wanted['input'] & { watchedAt: Date };

function eventOf(step: Step, before: Playback | undefined, after: Playback): KeyedEvent {
  const { userId, movieId, action, watchedAt, positionSeconds, durationSeconds, device, quality } = step;
  return makeEvent('watch.recorded', {
    key: userId,
    subject: `${userId}/${movieId}`,
    version: after.version,
    actor: userId,
    data: {
      ...{ userId, movieId, action, positionSeconds, durationSeconds, device, quality },
      watchedAt: watchedAt.toISOString(),
      playback: {
        lastWatchedAt: after.lastWatchedAt.toISOString(),
        previousWatchedAt: before?.lastWatchedAt.toISOString() ?? null,
        positionSeconds: after.positionSeconds,
        completed: after.completed,
      },
    },
  });
}

async function writePlaybacks(tx: Transaction, rows: readonly object[]): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO playback (user_id, movie_id, version, last_watched_at, position_seconds, completed)
    SELECT * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS state
      ("userId" text, "movieId" text, version int, "lastWatchedAt" timestamptz, "positionSeconds" int, completed boolean)
    ON CONFLICT (user_id, movie_id) DO UPDATE SET
      (version, last_watched_at, position_seconds, completed) =
      (excluded.version, excluded.last_watched_at, excluded.position_seconds, excluded.completed)`;
}

async function writeWatches(tx: Transaction, rows: readonly object[]): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO user_watch (event_id, user_id, movie_id, action, watched_at, position_seconds, duration_seconds, device,
                            quality, idempotency_key, recorded_at)
    SELECT * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS watch
      ("eventId" uuid, "userId" text, "movieId" text, action text, "watchedAt" timestamptz, "positionSeconds" int,
       "durationSeconds" int, device text, quality text, "idempotencyKey" text, "recordedAt" timestamptz)`;
}

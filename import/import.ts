import { once } from 'node:events';
import type { Settings } from '../config.ts';
import { openProgress, waitUntilCaughtUp } from '../fanout/caught-up.ts';
import { closing } from '../gateway/open.ts';
import { reasonOf, StackError } from '../stack/errors.ts';
import { writeJsonFile } from '../stack/json-file.ts';
import { tryLock } from '../stack/lock.ts';
import { openPostgres, type PostgresStore } from '../subgraphs/postgres/store.ts';
import { type BackPressure, watchFanout } from './back-pressure.ts';
import { loadCatalogue, readMovieIds } from './catalogue.ts';
import { type Checkpoint, checkpointFile, readCheckpoint } from './checkpoint.ts';
import { type File, type Folder, openFolder, rowBytes } from './files.ts';
import { createProgress } from './progress.ts';
import { loadRatings } from './ratings.ts';
import { createSkipped } from './skipped.ts';
import { type ImportSummary, summaryOf } from './summary.ts';

export interface ImportOptions {
  settings: Settings;
  /** In MovieLens format. */
  folder: string;
  /** Gets a line of text now and then: how far it is. */
  onProgress(text: string): void;
  /** Gets a line about each row that is left out, and other things worth knowing. */
  onNotice?(text: string): void;
  /** Ends the import after the chunk that is being written; the next call goes on there. */
  signal?: AbortSignal;
}

/**
 * Imports a folder in MovieLens format: films, users, and ratings as watches, through the commands of Postgres, so that
 * they reach the derived stores by outbox, Kafka and sinks. The workers should be running. Interrupted, by kill -9 as
 * well, it goes on at the next call without duplicates; once it is done, a call does nothing.
 * @throws StackError that says what to do, when the folder cannot be read, is being imported already, or Postgres is away
 * @throws AbortError when the signal aborts
 */
export async function importFolder(options: ImportOptions): Promise<ImportSummary> {
  const { settings, onNotice = () => {}, signal = new AbortController().signal } = options;
  const folder = await openFolder(options.folder);
  const file = checkpointFile(settings, folder);
  using lock = await tryLock(file);
  if (!lock) throw new StackError('ALREADY_RUNNING', `${folder.path} is being imported already`);
  const checkpoint = readCheckpoint(settings, folder);
  if (checkpoint.finishedAt) return summaryOf(folder, checkpoint, { notApplied: undefined, wasDone: true });

  await using postgres = closing(openPostgres(settings.postgres));
  await postgres.store.ping().catch((error: unknown) => {
    const advice = 'Start the servers (npm start, in another terminal) and run it again';
    throw new StackError('NOT_REACHABLE', `there is nothing to import into: ${reasonOf(error)}. ${advice}`);
  });
  await using backPressure = watchFanout(() => openProgress(settings), onNotice);
  const work: Work = {
    ...{ settings, folder, checkpoint, backPressure, signal, onNotice, onProgress: options.onProgress },
    postgres: postgres.store,
    save: () => writeJsonFile(file, checkpoint),
  };
  if (!checkpoint.loadedAt) await load(work);
  const notApplied = await catchUp(work);
  return summaryOf(folder, checkpoint, { notApplied, wasDone: false });
}

/**
 * The film of which an imported folder has most ratings, for a page to show.
 * @returns undefined when the folder has not been imported into this profile, or has no ratings
 */
export async function mostRatedFilm(settings: Settings, folder: string): Promise<string | undefined> {
  return readCheckpoint(settings, await openFolder(folder)).mostRated?.movieId;
}

/**
 * Whether the folder, as it is now, is in every store already.
 * @throws StackError when it cannot be read
 */
export async function isImported(settings: Settings, folder: string): Promise<boolean> {
  return readCheckpoint(settings, await openFolder(folder)).finishedAt !== null;
}

interface Work extends Required<Omit<ImportOptions, 'folder'>> {
  folder: Folder;
  checkpoint: Checkpoint;
  save(): void;
  postgres: PostgresStore;
  backPressure: BackPressure;
}

/** Brings every row into the sources. */
async function load({ folder, checkpoint, save, postgres, backPressure, signal, onProgress, onNotice }: Work) {
  const progress = createProgress(folder.bytes, onProgress);
  if (checkpoint.catalogue) {
    const others = folder.files.values().filter(({ name }) => name !== 'ratings.csv');
    progress.skip({ bytes: others.reduce((sum, file) => sum + rowBytes(file), 0), rows: 0 });
  } else {
    const skipped = createSkipped({}, onNotice);
    checkpoint.catalogue = await loadCatalogue({ folder, postgres, skipped, progress, signal });
    checkpoint.skipped = skipped.counts;
    save();
  }
  const file = folder.files.get('ratings.csv') as File;
  if (checkpoint.ratings) {
    progress.skip({ bytes: checkpoint.ratings.offset - file.start.offset, rows: checkpoint.rows });
    onNotice(`going on at line ${checkpoint.ratings.line} of ${file.name}`);
  }
  await loadRatings({
    ...{ file, postgres, checkpoint, save, progress, backPressure, signal },
    known: await readMovieIds(folder),
    skipped: createSkipped(checkpoint.skipped, onNotice),
  });
  checkpoint.users = await countUsers(postgres);
  checkpoint.loadedAt = new Date().toISOString();
  save();
}

/** How many users of MovieLens there are: their ids begin with `mlu`. Counting them row by row would need memory. */
async function countUsers({ db }: PostgresStore): Promise<number> {
  const rows = await db.$queryRaw<{ users: number }[]>`
    SELECT count(*)::int AS users FROM users WHERE id > 'mlu' AND id < 'mlv'`;
  return rows[0]?.users ?? 0;
}

/**
 * Waits until every store has applied what was loaded.
 * @returns why it gave up, where it did
 */
async function catchUp({ settings, checkpoint, save, backPressure, signal, onProgress }: Work) {
  const startedAt = performance.now();
  const timer = setInterval(() => {
    onProgress(`every row is in the sources; the stores catch up: ${backPressure.behind() ?? 'looking'}`);
  }, 1_000);
  const aborted = once(signal, 'abort').then(() => signal.throwIfAborted());
  try {
    signal.throwIfAborted();
    await Promise.race([waitUntilCaughtUp(settings), aborted]);
  } catch (error) {
    signal.throwIfAborted();
    return reasonOf(error);
  } finally {
    clearInterval(timer);
  }
  checkpoint.catchUpSeconds = (performance.now() - startedAt) / 1_000;
  checkpoint.finishedAt = new Date().toISOString();
  save();
}

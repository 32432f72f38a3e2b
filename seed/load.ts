import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../config.ts';
import { waitUntilCaughtUp } from '../fanout/caught-up.ts';
import { chunks } from '../gateway/batches.ts';
import { changeMovies, importUsers, recordWatches } from '../subgraphs/postgres/commands.ts';
import { openPostgres } from '../subgraphs/postgres/store.ts';
import { putMedia } from '../subgraphs/s3/commands.ts';
import { openS3 } from '../subgraphs/s3/store.ts';
import { readFilms } from './films.ts';
import { type DemoSize, generate } from './generate.ts';
import { posterSvg } from './poster.ts';
import { trailerMp4 } from './video.ts';

export type { DemoSize } from './generate.ts';

export interface LoadOptions {
  settings: Settings;
  size: DemoSize;
  onProgress(text: string): void;
}

/** What a data folder knows of its demo data. */
interface LoadRecord {
  size: DemoSize;
  /** The generator's `now`, kept so that an interrupted load goes on with the very same data. */
  now: string;
  done: boolean;
  /** Posters and video are in S3, which may have been left out so far. */
  hasMedia: boolean;
}

const recordFile = (settings: Settings) => join(settings.home, 'demo-data.json');

function readRecord(settings: Settings): LoadRecord | undefined {
  const file = recordFile(settings);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

/** Whether this profile's stores hold their demo data. */
export function isLoaded(settings: Settings): boolean {
  const { done, hasMedia } = readRecord(settings) ?? fresh;
  return done && (hasMedia || settings.without.has('s3'));
}

/**
 * The moment as of which this profile's demo data was generated.
 * @throws Error when none has been loaded
 */
export function loadedAt(settings: Settings): Date {
  const record = readRecord(settings);
  if (!record) throw new Error(`${settings.profile} has no demo data`);
  return new Date(record.now);
}

const fresh = { done: false, hasMedia: false };

const rowsPerTransaction = 1_000;

/**
 * Loads the demo data as users would have made it: through the commands of the sources of truth, so that it reaches the
 * derived stores by outbox, Kafka and sinks. The workers must be running. Interrupted, it goes on at the next call
 * without duplicates: every watch has its idempotency key.
 */
export async function loadDemo({ settings, size: wanted, onProgress }: LoadOptions): Promise<void> {
  const record = readRecord(settings) ?? { ...fresh, size: wanted, now: new Date().toISOString() };
  const write = () => {
    mkdirSync(settings.home, { recursive: true });
    // Beside it, then renamed: a kill in between leaves one or the other whole.
    writeFileSync(`${recordFile(settings)}.new`, JSON.stringify(record));
    renameSync(`${recordFile(settings)}.new`, recordFile(settings));
  };
  write();

  const films = readFilms();
  const demo = generate({ size: record.size, now: new Date(record.now), films });
  await using postgres = closing(openPostgres(settings.postgres));
  onProgress(`${films.length} films and ${demo.users.length} users`);
  await changeMovies(postgres.store, films);
  for (const chunk of chunks(demo.users, rowsPerTransaction)) await importUsers(postgres.store, chunk);
  if (!settings.without.has('s3')) {
    await loadMedia(settings, films);
    record.hasMedia = true;
  }

  let loaded = 0;
  for (const chunk of chunks(demo.watches, rowsPerTransaction)) {
    await recordWatches(postgres.store, chunk);
    loaded += chunk.length;
    onProgress(`${loaded.toLocaleString('en')} watches recorded`);
  }
  onProgress('waiting until every store has applied them');
  await waitUntilCaughtUp(settings);
  record.done = true;
  write();
}

/** A poster for every film, and the one short video for all that have something to stream: Inception. */
async function loadMedia(settings: Settings, films: ReturnType<typeof readFilms>): Promise<void> {
  await using s3 = closing(openS3(settings.s3));
  const video = { kind: 'video', movieId: 'm101', body: await trailerMp4() } as const;
  const posters = films.map((film) => ({ kind: 'poster', movieId: film.id, body: posterSvg(film) }) as const);
  await putMedia(s3.store, [video, ...posters]);
}

const closing = <Store extends { close(): Promise<void> }>(store: Store) => ({
  store,
  [Symbol.asyncDispose]: () => store.close(),
});

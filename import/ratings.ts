import type { PostgresStore } from '../subgraphs/postgres/store.ts';
import type { BackPressure } from './back-pressure.ts';
import { filmId } from './catalogue.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { File } from './files.ts';
import { Bad } from './problems.ts';
import type { Progress } from './progress.ts';
import { type RowChunk, readRows } from './read.ts';
import { type RatingRow, ratingRow } from './rows.ts';
import type { Skipped } from './skipped.ts';
import { writeRatings } from './watches.ts';

export interface RatingsOptions {
  file: File;
  /** The movies that a rating may name. */
  known: ReadonlySet<number>;
  postgres: PostgresStore;
  /** How far the ratings are; is brought up to date. */
  checkpoint: Checkpoint;
  skipped: Skipped;
  progress: Progress;
  backPressure: BackPressure;
  signal: AbortSignal;
  /** Keeps the checkpoint; called after each chunk. */
  save(): void;
}

/**
 * Records each rating as a watch, in chunks, in memory for two of them: while one is written, the next is read and
 * checked. A chunk that was written but not noted in the checkpoint is written again by the next import, which changes
 * nothing: users that are there stay, and watches have their idempotency keys.
 */
export async function loadRatings(options: RatingsOptions): Promise<void> {
  const { signal } = options;
  const write = createWriter(options);
  let writing = Promise.resolve();
  try {
    for await (const chunk of readChecked(options)) {
      await writing;
      signal.throwIfAborted();
      writing = write(chunk);
      // Awaited when the next chunk is there.
      writing.catch(() => {});
    }
  } finally {
    await writing;
  }
}

type Chunk = RowChunk<RatingRow>;

/** The rest of ratings.csv; ratings of unknown movies are bad. */
async function* readChecked({ file, known, checkpoint }: RatingsOptions): AsyncGenerator<Chunk> {
  for await (const { rows, bad, begin, end } of readRows(file, checkpoint.ratings ?? file.start, ratingRow)) {
    const strays = rows.filter(({ row }) => !known.has(row.movieId));
    for (const { line, row } of strays) {
      bad.push({ file: file.name, line, bad: new Bad('unknownMovie', filmId(row.movieId)) });
    }
    yield { rows: rows.filter(({ row }) => known.has(row.movieId)), bad, begin, end };
  }
}

/** Writes one chunk after the other, and notes each. */
function createWriter(options: RatingsOptions): (chunk: Chunk) => Promise<void> {
  const { file, postgres, checkpoint, skipped, progress, backPressure, signal, save } = options;
  const noteMostRated = createMostRated(checkpoint);
  let notedAt = performance.now();

  return async ({ rows, bad, begin, end }) => {
    await backPressure.room(signal, progress.waitsFor);
    progress.waitsFor(undefined);
    const written = await writeRatings(postgres, rows, checkpoint.events);

    const left = [...bad, ...written.bad.map((row) => ({ ...row, file: file.name }))];
    skipped.add(left.toSorted((a, b) => a.line - b.line));
    for (const { row } of written.watches) noteMostRated(row.movieId);
    const now = performance.now();
    checkpoint.ratings = end;
    checkpoint.rows += rows.length + bad.length;
    checkpoint.watches += written.watches.length;
    checkpoint.events = written.events;
    checkpoint.seconds += (now - notedAt) / 1_000;
    notedAt = now;
    save();
    progress.pass({ bytes: end.offset - begin.offset, rows: rows.length + bad.length }, file.name);
  };
}

/** Counts ratings by movie. An interrupted import remembers its leader alone: an example is wanted, not a ranking. */
function createMostRated(checkpoint: Checkpoint): (movieId: number) => void {
  const counts = new Map<string, number>();
  const { mostRated } = checkpoint;
  if (mostRated) counts.set(mostRated.movieId, mostRated.ratings);
  return (movieId) => {
    const id = filmId(movieId);
    const ratings = (counts.get(id) ?? 0) + 1;
    counts.set(id, ratings);
    if (ratings > (checkpoint.mostRated?.ratings ?? 0)) checkpoint.mostRated = { movieId: id, ratings };
  };
}

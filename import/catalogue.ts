import { chunks } from '../gateway/batches.ts';
import { changeMovies, type MovieInput } from '../subgraphs/postgres/commands.ts';
import type { PostgresStore } from '../subgraphs/postgres/store.ts';
import type { File, FileName, Folder } from './files.ts';
import { Bad } from './problems.ts';
import type { Progress } from './progress.ts';
import { type RowChunk, readRows } from './read.ts';
import { linkRow, type MovieRow, movieRow, tagRow } from './rows.ts';
import type { Skipped } from './skipped.ts';
import { createTagCounts } from './tag-counts.ts';
import { writeAll } from './write.ts';

/** MovieLens does not say how long a film is, and the catalogue needs to know: every imported film gets this. */
export const runtimeMinutes = 100;

const filmsPerTransaction = 1_000;

/** The id that a movie of MovieLens has here. */
export const filmId = (movieId: number): string => `ml${movieId}`;

export interface CatalogueOptions {
  folder: Folder;
  postgres: PostgresStore;
  skipped: Skipped;
  progress: Progress;
  signal: AbortSignal;
}

/** Reads movies.csv, links.csv and tags.csv and writes the catalogue. Memory grows with the number of movies alone. */
export async function loadCatalogue(options: CatalogueOptions): Promise<{ films: number; tags: number }> {
  const { postgres, skipped, signal } = options;
  const films = new Map<number, Film>();
  await eachRow(options, 'movies.csv', movieRow, ({ row, line }) => {
    if (films.has(row.movieId)) return new Bad('sameMovie', filmId(row.movieId));
    films.set(row.movieId, { ...row, line });
  });
  await eachRow(options, 'links.csv', linkRow, ({ row: { movieId, imdbId, tmdbId } }) => {
    const film = films.get(movieId);
    if (!film) return new Bad('unknownMovie', filmId(movieId));
    Object.assign(film, { imdbId, tmdbId });
  });
  const counts = createTagCounts();
  await eachRow(options, 'tags.csv', tagRow, ({ row }) => {
    if (!films.has(row.movieId)) return new Bad('unknownMovie', filmId(row.movieId));
    counts.add(row);
  });

  const written = { films: 0, tags: 0 };
  for (const chunk of chunks(films.values(), filmsPerTransaction)) {
    signal.throwIfAborted();
    const rows = chunk.map(({ line, ...film }) => ({ line, input: inputOf(film, counts.top(film.movieId)) }));
    const refused = await writeAll(rows, (part) =>
      changeMovies(
        postgres,
        part.map(({ input }) => input),
      ),
    );
    skipped.add(
      refused.map(({ row, reason }) => ({ file: 'movies.csv', line: row.line, bad: new Bad('refused', reason) })),
    );
    const left = new Set(refused.map(({ row }) => row));
    for (const row of rows) {
      if (left.has(row)) continue;
      written.films += 1;
      written.tags += row.input.tags.length;
    }
  }
  return written;
}

/** The ids of the folder's movies, for an import whose catalogue is written. */
export async function readMovieIds(folder: Folder): Promise<ReadonlySet<number>> {
  const ids = new Set<number>();
  const file = folder.files.get('movies.csv') as File;
  for await (const { rows } of readRows(file, file.start, movieRow)) for (const { row } of rows) ids.add(row.movieId);
  return ids;
}

interface Film extends MovieRow {
  line: number;
  imdbId?: string;
  tmdbId?: string;
}

function inputOf({ movieId, ...film }: Omit<Film, 'line'>, tags: string[]): MovieInput {
  return { id: filmId(movieId), ...film, synopsis: '', runtimeMinutes, tags };
}

/** Reads a whole file, where it is there; `take` answers why a row is left out after all. */
async function eachRow<Row>(
  { folder, skipped, progress, signal }: CatalogueOptions,
  name: FileName,
  ...[rowOf, take]: [
    rowOf: (fields: readonly string[]) => Row | Bad,
    take: (row: RowChunk<Row>['rows'][number]) => Bad | undefined,
  ]
): Promise<void> {
  const file = folder.files.get(name);
  if (!file) return;
  for await (const { rows, bad, begin, end } of readRows(file, file.start, rowOf)) {
    signal.throwIfAborted();
    for (const row of rows) {
      const problem = take(row);
      if (problem) bad.push({ file: name, line: row.line, bad: problem });
    }
    skipped.add(bad.toSorted((a, b) => a.line - b.line));
    progress.pass({ bytes: end.offset - begin.offset, rows: rows.length + bad.length }, name);
  }
}

import { fieldsOf } from './csv.ts';
import { columnsOf, type File } from './files.ts';
import { type Place, readLines } from './lines.ts';
import { Bad } from './problems.ts';
import type { BadRow } from './skipped.ts';

/** Some lines of a file, read and checked. */
export interface RowChunk<Row> {
  rows: { line: number; row: Row }[];
  bad: BadRow[];
  begin: Place;
  /** Where the next chunk begins. */
  end: Place;
}

/** Lines a chunk: also what one transaction of `recordWatches` takes. */
const linesPerChunk = 1_000;

/**
 * Reads a file in chunks, in memory for one of them.
 * @param from behind the header, or where an earlier import stopped
 */
export async function* readRows<Row>(
  file: File,
  from: Place,
  rowOf: (fields: readonly string[]) => Row | Bad,
): AsyncGenerator<RowChunk<Row>> {
  let begin = from;
  for await (const { lines, end } of readLines(file.path, from, linesPerChunk)) {
    const chunk: RowChunk<Row> = { rows: [], bad: [], begin, end };
    for (const { number: line, text } of lines) {
      const fields = text instanceof Bad ? text : fieldsOf(text, columnsOf(file.name));
      const row = fields instanceof Bad ? fields : rowOf(fields);
      if (row instanceof Bad) chunk.bad.push({ file: file.name, line, bad: row });
      else chunk.rows.push({ line, row });
    }
    yield chunk;
    begin = end;
  }
}

import type { FileName } from './files.ts';
import { type Bad, problems } from './problems.ts';

/** A row that was left out. */
export interface BadRow {
  file: FileName;
  line: number;
  bad: Bad;
}

/** How many rows were left out, by file and reason: `ratings.csv: unknown movie`. */
export type Counts = Record<string, number>;

/** Of each file and reason, this many are told one by one. */
const mostTold = 20;

/**
 * Counts rows that were left out, and tells of the first of each kind.
 * @param counts what an interrupted import has counted; goes on from there
 */
export function createSkipped(counts: Counts, tell: (line: string) => void) {
  return {
    counts,
    add(rows: readonly BadRow[]) {
      for (const row of rows) {
        const kind = `${row.file}: ${problems[row.bad.problem]}`;
        const count = (counts[kind] ?? 0) + 1;
        counts[kind] = count;
        if (count <= mostTold) tell(describe(row));
        if (count === mostTold) tell(`${kind}: more of these are counted only`);
      }
    },
  };
}

export type Skipped = ReturnType<typeof createSkipped>;

function describe({ file, line, bad }: BadRow): string {
  const what = `${file}:${line}: ${problems[bad.problem]}`;
  return bad.detail === undefined ? what : `${what}: ${shown(bad.detail)}`;
}

/** What a file holds, on one line of a terminal: without the characters that would steer it. */
const shown = (text: string): string => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach the terminal
  const plain = text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '?');
  return plain.length > 80 ? `${plain.slice(0, 80)}…` : plain;
};

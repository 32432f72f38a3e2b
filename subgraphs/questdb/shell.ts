import type { Parameters } from '../../gateway/seam.ts';
import { shellWord } from '../../gateway/shell-word.ts';

const others = /\$(\d+), …/;

/** A statement in which a list is told as `$2, …`, with a placeholder for each of its values: all from that one on. */
export const withEachPlaceholder = (statement: string, count: number): string =>
  statement.replace(others, (_, first) =>
    Array.from({ length: Math.max(1, count - Number(first) + 1) }, (_, index) => `$${Number(first) + index}`).join(
      ', ',
    ),
  );

/** A statement with its values in place of the placeholders: text is quoted, and a quote within doubled. */
export function withLiterals(statement: string, parameters: Parameters): string {
  const values = parameters as readonly (string | number)[];
  return withEachPlaceholder(statement, values.length).replaceAll(/\$(\d+)/g, (_, place) => {
    const value = values[Number(place) - 1];
    return typeof value === 'number' ? String(value) : `'${String(value).replaceAll("'", "''")}'`;
  });
}

/** The statement that is told for rows of a table, which go another way than SQL. */
export const writeTo = (table: string) => `POST /write?precision=n\n$lines -- of ${table}`;

/** The rows of such a statement, in the InfluxDB line protocol. */
export interface Lines extends Record<string, unknown> {
  lines?: Buffer;
}

/** A statement with its values, for psql; rows of a table for curl. */
export function inPsqlOrCurl(
  { statement, parameters }: { statement: string; parameters: Parameters },
  writeUrl: string,
): string {
  if (!statement.startsWith('POST ')) return `${withLiterals(statement, parameters)};`;
  const { lines } = parameters as Lines;
  return `curl ${shellWord(writeUrl)} --data-binary ${shellWord(lines?.toString() ?? '')}`;
}

import { CsvError, parse } from 'csv-parse/sync';
import { Bad } from './problems.ts';

/**
 * The fields of one line (RFC 4180, section 2). Only a line with a quote needs a parser: in any other, every comma
 * separates. csv-parse is strict about quotes, so a stray one is reported and not guessed about.
 */
export function fieldsOf(line: string, columns: number): string[] | Bad {
  const fields = line.includes('"') ? quotedFields(line) : line.split(',');
  if (fields instanceof Bad || fields.length === columns) return fields;
  return new Bad('columns', `${fields.length} instead of ${columns}`);
}

function quotedFields(line: string): string[] | Bad {
  try {
    return parse(line, { record_delimiter: '\n' })[0] ?? [];
  } catch (error) {
    if (error instanceof CsvError) return new Bad('quote');
    throw error;
  }
}

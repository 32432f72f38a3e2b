import { type Parameters, secret } from '../../gateway/seam.ts';

/**
 * A statement with its values, for psql. Values are written as literals of no type, as the driver sends them: Postgres then finds
 * the type of each as it did (PostgreSQL manual, 10.1).
 */
export function inPsql(statement: string, parameters: Parameters): string {
  const values = parameters as readonly unknown[];
  const text = statement.replaceAll(/\$(\d+)/g, (_, place) => literal(values[Number(place) - 1]));
  return text.endsWith(';') ? text : `${text};`;
}

function literal(value: unknown): string {
  if (value === secret) return "'<secret>'";
  if (value === null || value === undefined) return 'NULL';
  if (['number', 'bigint', 'boolean'].includes(typeof value)) return String(value);
  return quoted(Array.isArray(value) ? arrayText(value) : textOf(value));
}

function textOf(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** PostgreSQL manual, 8.15.2. */
const arrayText = (values: readonly unknown[]): string => `{${values.map(elementText).join(',')}}`;

function elementText(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  const text = textOf(value);
  const isPlain = /^[\w-]+$/.test(text) && text.toUpperCase() !== 'NULL';
  return isPlain ? text : `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}

/** PostgreSQL manual, 4.1.2.1: a backslash stands for itself. */
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

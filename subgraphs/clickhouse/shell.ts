import type { Parameters } from '../../gateway/seam.ts';

/** The parameters of an INSERT: they are no placeholders, but follow the statement. */
export interface Insertion extends Record<string, unknown> {
  rows: readonly object[];
}

/** A statement with its values in place of `{name:Type}`, for clickhouse-client, and for whatever else takes SQL. */
export function inClickHouseClient(statement: string, parameters: Parameters): string {
  const { rows, ...values } = parameters as Partial<Insertion>;
  if (rows) return [statement, ...rows.map((row) => JSON.stringify(row))].join('\n');
  const text = statement.replaceAll(/\{(\w+):([^}]+)\}/g, (_, name, type) => literal(values[name], type));
  return `${text};`;
}

/** A value of a type (https://clickhouse.com/docs/sql-reference/syntax#literals), cast where it does not have it by itself. */
function literal(value: unknown, type: string): string {
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return value.length === 0 ? `[]::${type}` : `[${value.map(quoted).join(', ')}]`;
  const text = quoted(value instanceof Date ? instant(value) : value);
  return type === 'String' ? text : `${text}::${type}`;
}

/** A `DateTime` takes no fraction of a second, not even an empty one. */
const instant = (at: Date): string =>
  at
    .toISOString()
    .replace('T', ' ')
    .replace(/(\.000)?Z$/, '');

const quoted = (value: unknown): string => `'${String(value).replaceAll(/[\\']/g, '\\$&')}'`;

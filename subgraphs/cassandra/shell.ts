import { types } from 'cassandra-driver';
import type { Parameters } from '../../gateway/seam.ts';
import type { Statement } from './store.ts';

/**
 * A statement with its values in place of `?`, for cqlsh. Where a call asks the same of several partitions, a statement for
 * each; a batch with every statement that it has.
 */
export function inCqlsh(statement: string, parameters: Parameters): string {
  if (!Array.isArray(parameters)) return batch((parameters as { statements: readonly Statement[] }).statements);
  const runs = Array.isArray(parameters[0]) ? (parameters as readonly unknown[][]) : [parameters as readonly unknown[]];
  return runs.map((params) => `${withValues(statement, params)};`).join('\n');
}

const batch = (statements: readonly Statement[]): string =>
  [
    'BEGIN UNLOGGED BATCH',
    ...statements.map(({ query, params }) => `${withValues(query, params)};`),
    'APPLY BATCH;',
  ].join('\n');

function withValues(query: string, params: readonly unknown[]): string {
  const values = params.values();
  return query.replaceAll('?', () => literal(values.next().value));
}

/** A constant (https://cassandra.apache.org/doc/latest/cassandra/developing/cql/definitions.html#constants). */
function literal(value: unknown): string {
  // To a reader an unset column is null; that writing null leaves a tombstone is all the difference.
  if (value === null || value === undefined || value === types.unset) return 'null';
  if (typeof value === 'string') return quoted(value);
  return value instanceof Date ? quoted(value.toISOString()) : String(value);
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

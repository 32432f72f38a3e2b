import { isInt } from 'neo4j-driver';
import type { Parameters } from '../../gateway/seam.ts';

/**
 * A statement with its values, for cypher-shell and Neo4j Browser: `:param` holds them on one line, and the statement goes as it is.
 * https://neo4j.com/docs/operations-manual/5/cypher-shell/#cypher-shell-parameters
 */
export function inCypherShell(statement: string, parameters: Parameters): string {
  const set = Object.keys(parameters).length > 0 ? `:param ${literal(parameters)}\n` : '';
  return `${set}${statement};`;
}

/** A value as Cypher writes it (Cypher Manual, "Values and types", "Literals"), of the type that the driver sends it as. */
function literal(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'bigint' || isInt(value)) return String(value);
  // To the driver every number is a float.
  if (typeof value === 'number') return Number.isInteger(value) ? value.toFixed(1) : String(value);
  if (typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value !== 'object') return text(String(value));
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  return `{${entries.map(([name, part]) => `${key(name)}: ${literal(part)}`).join(', ')}}`;
}

/** On one line, whatever is in it. */
const text = (value: string) => `'${value.replaceAll(/['\\]/g, '\\$&').replaceAll(/[\p{Cc}\u2028\u2029]/gu, escaped)}'`;
const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

const key = (name: string) => (/^[A-Za-z]\w*$/.test(name) ? name : `\`${name.replaceAll('`', '``')}\``);

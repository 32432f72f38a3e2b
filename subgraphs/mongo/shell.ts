import { type Parameters, secret } from '../../gateway/seam.ts';

/** A statement with its values, for mongosh. Names in capitals stand where values belong: MongoDB has no placeholders of its own. */
export function inMongosh(statement: string, parameters: Parameters): string {
  const values = parameters as Readonly<Record<string, unknown>>;
  return statement.replaceAll(/\b[A-Z][A-Z_]*\b/g, (name) => (name in values ? literal(values[name]) : name));
}

/** A value as JavaScript, with the types that mongosh has beside it. */
function literal(value: unknown): string {
  if (value === secret) return '"<secret>"';
  if (value instanceof Date) return `ISODate("${value.toISOString()}")`;
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value === 'object' && value !== null) return objectText(value);
  return JSON.stringify(value) ?? 'undefined';
}

function objectText(value: object): string {
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return `{ ${fields.map(([name, field]) => `${JSON.stringify(name)}: ${literal(field)}`).join(', ')} }`;
}

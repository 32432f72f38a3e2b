import { type Parameters, secret } from './seam.ts';
import type { XrayParameter } from './xray-report.ts';

const longestValue = 2_000;

/** What stood in a statement's placeholders, as the X-ray tells it; values only where they may be seen. */
export function parametersOf(parameters: Parameters, mayShowValues: boolean): XrayParameter[] {
  const named = Array.isArray(parameters)
    ? parameters.map((value, index) => [`$${index + 1}`, value] as const)
    : Object.entries(parameters);
  return named.map(([name, value]) => ({
    name,
    type: shapeOf(value),
    ...(mayShowValues && value !== secret && { value: shown(value) }),
  }));
}

/** A value's shape, which says nothing of the value but its size: `string(4)`, `list(50) of string(4)`. */
export function shapeOf(value: unknown): string {
  if (value === secret) return 'secret';
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return `string(${value.length})`;
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  if (typeof value === 'bigint') return 'int';
  if (value instanceof Date) return 'instant';
  if (ArrayBuffer.isView(value)) return `binary(${value.byteLength})`;
  if (Array.isArray(value)) return value.length === 0 ? 'list(0)' : `list(${value.length}) of ${shapeOf(value[0])}`;
  if (typeof value !== 'object') return typeof value;
  const isPlain = [Object.prototype, null].includes(Object.getPrototypeOf(value));
  // A driver's own kind of value, such as a UUID.
  return isPlain ? `object { ${Object.keys(value).join(' ')} }` : value.constructor.name.toLowerCase();
}

/** A value as JSON can carry it; what is long is cut, and bytes are told by their number. */
function shown(value: unknown): unknown {
  const text = JSON.stringify(value, function (this: Record<string, unknown>, key, part) {
    // A Buffer comes here as what its toJSON made of it.
    const own = this[key];
    if (ArrayBuffer.isView(own)) return shapeOf(own);
    if (own === secret) return '<secret>';
    return typeof own === 'bigint' ? String(own) : part;
  });
  // Of what JSON does not know, such as a function, there is no text.
  if (text === undefined) return null;
  return text.length <= longestValue ? JSON.parse(text) : `${text.slice(0, longestValue)}…`;
}

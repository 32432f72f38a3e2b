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

/** A value as JSON can carry it; what is long is cut. */
function shown(value: unknown): unknown {
  if (value === undefined) return null;
  const text = JSON.stringify(value, (_, part) => {
    if (part === secret) return '<secret>';
    if (typeof part === 'bigint') return String(part);
    return ArrayBuffer.isView(part) ? shapeOf(part) : part;
  });
  return text.length <= longestValue ? JSON.parse(text) : `${text.slice(0, longestValue)}…`;
}

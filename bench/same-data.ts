import assert from 'node:assert/strict';

/** A trending score decays from one moment to the next: by half in hours. */
const scoreTolerance = 0.01;

/**
 * Holds an answer against another one, field by field. What changes from one moment to the next may differ: a signature with its
 * date, and a score by one in a hundred.
 * @throws AssertionError that shows the difference
 */
export function requireSameData(data: unknown, expected: unknown, message: string): void {
  assert.deepEqual(steady(data, expected), steady(expected, expected), message);
}

/** The data with the other one's scores where they are close enough, and without signatures. */
function steady(data: unknown, expected: unknown): unknown {
  if (Array.isArray(data)) {
    const others = Array.isArray(expected) ? expected : [];
    return data.map((item, index) => steady(item, others[index]));
  }
  if (typeof data === 'string') return unsigned(data);
  if (typeof data !== 'object' || data === null) return data;
  const others: Record<string, unknown> = Object(expected);
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => {
      if (key === 'score' && isClose(value, others[key])) return [key, others[key]];
      return [key, steady(value, others[key])];
    }),
  );
}

const isClose = (value: unknown, other: unknown) =>
  Math.abs(Number(value) - Number(other)) <= scoreTolerance * Math.abs(Number(other));

const unsigned = (url: string) => url.replace(/(X-Amz-(?:Date|Signature))=\w+/g, '$1');

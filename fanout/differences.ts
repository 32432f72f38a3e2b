import type { Difference } from './sink.ts';

const namedPerKind = 50;

/** What `verify` names of differences of one kind: the first of them, and how many more there are. */
export function someOf(differences: readonly Difference[]): Difference[] {
  const rest = differences.slice(namedPerKind);
  const [next] = rest;
  if (!next) return [...differences];
  return [...differences.slice(0, namedPerKind), { ...next, what: `${next.what} and ${rest.length - 1} more like it` }];
}

/** What `verify` names of differences of several kinds: some of each. */
export const someOfEach = (
  differences: readonly Difference[],
  kindOf: (difference: Difference) => unknown,
): Difference[] => Map.groupBy(differences, kindOf).values().flatMap(someOf).toArray();

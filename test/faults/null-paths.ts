import type { GraphQLFormattedError } from 'graphql';
import { expect } from 'vitest';
import type { Answered } from '../harness.ts';

/** The path of an error, list positions as `*`. */
export const generalised = (path: readonly (string | number)[]) =>
  path.map((key) => (typeof key === 'number' ? '*' : key)).join('.');

/** The paths at which an answer is null, list positions as `*`. */
export function nullPaths(data: Answered['data'], path: string[] = [], found = new Set<string>()): Set<string> {
  if (data === null) {
    found.add(path.join('.'));
  } else if (typeof data === 'object') {
    for (const [key, value] of Object.entries(data))
      nullPaths(value, [...path, Array.isArray(data) ? '*' : key], found);
  }
  return found;
}

/** Every error must say that this store cannot answer right now, and stand at one of these paths. */
export function expectOutageOf(
  store: string,
  { paths, errors }: { paths: readonly string[]; errors: readonly GraphQLFormattedError[] },
): void {
  for (const { path, extensions, message } of errors) {
    expect(extensions, message).toMatchObject({
      code: expect.stringMatching(/^STORE_(UNAVAILABLE|TIMEOUT)$/),
      store,
      retryable: true,
    });
    expect(paths).toContain(generalised(path ?? []));
  }
}

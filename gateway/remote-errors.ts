import type { GraphQLError, GraphQLFormattedError } from 'graphql';
import { z } from 'zod';
import { errorCodes } from './errors.ts';

/** More than the fields of a page of entities; who tells more babbles. */
const mostErrors = 5_000;
const longestMessage = 500;

const errorSchema = z.object({
  message: z.string().transform((text) => text.slice(0, longestMessage)),
  path: z
    .array(z.union([z.string().max(200), z.int().nonnegative()]))
    .max(100)
    .optional(),
  extensions: z
    .object({
      code: z.string().optional(),
      store: z.string().max(100).optional(),
      retryable: z.boolean().optional(),
      argument: z.array(z.string().max(200)).max(100).optional(),
    })
    .optional(),
});

/**
 * The errors of a subgraph's answer as the gateway takes them over: those with a code of ours as they are, the others as a
 * defect, whose text only the log gets; a path that leads nowhere in the data is left out, and so is what else an error
 * carries. Messages are cut, and of more than some thousand errors only the first are told.
 * @param reason stands in for whatever is no error in GraphQL's form (specification, section 7.1.2)
 */
export function remoteErrors(
  errors: unknown,
  { data, reason }: { data: unknown; reason: GraphQLError },
): GraphQLFormattedError[] {
  if (errors === undefined || errors === null) return [];
  const list: readonly unknown[] = Array.isArray(errors) ? errors : [undefined];
  // One of no form, in place of all that is left out.
  const told = list.length > mostErrors ? [...list.slice(0, mostErrors), undefined] : list;
  return told.map((error) => {
    const { data: known } = errorSchema.safeParse(error);
    if (!known) return { message: reason.message, extensions: reason.extensions };
    const { message, path, extensions } = known;
    const isOurs = extensions?.code !== undefined && Object.hasOwn(errorCodes, extensions.code);
    return {
      message,
      extensions: isOurs ? extensions : { code: 'INTERNAL_SERVER_ERROR', retryable: false },
      ...(path && leadsSomewhere(path, data) && { path }),
    };
  });
}

/** Whether there is something, or null, at the path; below what is null anything may have failed. */
function leadsSomewhere(path: readonly (string | number)[], data: unknown): boolean {
  let place = data;
  for (const key of path) {
    if (place === null) return true;
    const isStep = typeof place === 'object' && Array.isArray(place) === (typeof key === 'number');
    if (!isStep || !Object.hasOwn(place as object, key)) return false;
    place = (place as Record<string | number, unknown>)[key];
  }
  return true;
}

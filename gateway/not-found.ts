import type { GraphQLFormattedError } from 'graphql';
import { type Loss, lossesOf } from './not-found-place.ts';
import type { Operation, Path } from './selections.ts';

type Json = Record<string | number, unknown>;

/** An answered operation. */
export interface Answer {
  data: Record<string, unknown> | null | undefined;
  errors: readonly GraphQLFormattedError[];
}

/**
 * Lifts NOT_FOUND from an entity's fields to the entity: a lookup by id is rooted in a room that knows no store, so only
 * the owner's fields tell that the entity does not exist. The entity becomes null, or the nearest nullable thing above
 * it, with one error in place of one for each field. A list that may not hold null goes on without it: then the error has
 * the list's path, and the paths of errors at later items follow these.
 */
export function liftNotFound({ data, errors }: Answer, operation: Operation): Answer {
  const lossOf = lossesOf(operation);
  const losses = new Map<string, Loss>();
  for (const { path, extensions } of errors) {
    if (extensions?.code !== 'NOT_FOUND' || !path || path.length < 2) continue;
    const loss = lossOf(path.slice(0, -1));
    if (loss) losses.set(nameOf(loss.path), loss);
  }
  if (!data || losses.size === 0) return { data, errors };

  const told = new Set<Loss>();
  const kept = errors.flatMap((error) => {
    const { path, extensions } = error;
    if (!path) return [error];
    const loss = outermost(losses, path);
    if (!loss) return [{ ...error, path: moved(losses, path) }];
    // Whatever else failed below a missing entity is not in the answer any more.
    if (extensions?.code !== 'NOT_FOUND' || told.has(loss)) return [];
    told.add(loss);
    return [{ ...error, path: moved(losses, loss.isLeftOut ? loss.path.slice(0, -1) : loss.path) }];
  });
  return { data: without(data, losses), errors: kept };
}

type Losses = ReadonlyMap<string, Loss>;
const nameOf = (path: Path) => path.join('\0');

/** The loss that takes what stands at the path with it. */
const outermost = (losses: Losses, path: Path): Loss | undefined =>
  Array.from({ length: path.length + 1 }, (_, length) => losses.get(nameOf(path.slice(0, length)))).find(Boolean);

/** Where that stands once items before it are left out. */
const moved = (losses: Losses, path: Path): Path =>
  path.map((key, place) => {
    if (typeof key === 'string') return key;
    const list = path.slice(0, place);
    const before = Array.from({ length: key }, (_, index) => losses.get(nameOf([...list, index])));
    return key - before.filter((loss) => loss?.isLeftOut).length;
  });

function without(data: Json, losses: Losses): Answer['data'] {
  if (losses.has(nameOf([]))) return null;
  const answered = structuredClone(data);
  const leftOut = Symbol();
  const lists = new Set<unknown[]>();
  for (const { path, isLeftOut } of losses.values()) {
    const parent = path.slice(0, -1).reduce<Json | undefined>((each, key) => each?.[key] as Json | undefined, answered);
    const last = path.at(-1);
    if (!parent || last === undefined) continue;
    parent[last] = isLeftOut ? leftOut : null;
    if (Array.isArray(parent)) lists.add(parent);
  }
  // Last, since until then the paths are those of the whole lists.
  for (const list of lists) list.splice(0, list.length, ...list.filter((item) => item !== leftOut));
  return answered;
}

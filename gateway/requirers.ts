import type { GraphQLFormattedError } from 'graphql';
import { type FieldDefinitionNode, Kind, parse, type SelectionNode } from 'graphql';
import { type Operation, type Path, type Place, type Selections, selectionsOf } from './selections.ts';

/** The fields that require a field of another subgraph (`@requires`), by that field's coordinate, such as `User.watchedMovieIds`. */
export type Requirers = ReadonlyMap<string, readonly string[]>;

/** Reads them from a supergraph (Join specification v0.3, `@join__field`). */
export function requirersIn(supergraphSdl: string): Requirers {
  const requirers = new Map<string, string[]>();
  for (const definition of parse(supergraphSdl).definitions) {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION) continue;
    for (const field of definition.fields ?? [])
      for (const required of requiredBy(field)) {
        const coordinate = `${definition.name.value}.${required}`;
        requirers.set(coordinate, [...(requirers.get(coordinate) ?? []), field.name.value]);
      }
  }
  return requirers;
}

/** The names of the fields beside it that a field requires. */
function requiredBy({ directives = [] }: FieldDefinitionNode): string[] {
  return directives
    .filter(({ name }) => name.value === 'join__field')
    .flatMap((directive) => directive.arguments?.find(({ name }) => name.value === 'requires')?.value ?? [])
    .flatMap((value) => (value.kind === Kind.STRING ? selectionsIn(value.value) : []))
    .flatMap((selection) => (selection.kind === Kind.FIELD ? selection.name.value : []));
}

function selectionsIn(fieldSet: string): readonly SelectionNode[] {
  const [definition] = parse(`{ ${fieldSet} }`).definitions;
  return definition?.kind === Kind.OPERATION_DEFINITION ? definition.selectionSet.selections : [];
}

/**
 * Tells errors of fields that only the plan asked for, since another field requires them, at the fields that were asked: an
 * error's path begins at the operation (GraphQL specification, section 7.1.2). What one field lacks of one store in one way is
 * told once.
 */
export function tellAtRequirers(
  errors: readonly GraphQLFormattedError[],
  { requirers, operation }: { requirers: Requirers; operation: Operation },
): readonly GraphQLFormattedError[] {
  const selections = selectionsOf(operation);
  if (!selections) return errors;
  const told = new Set<string>();
  return errors.flatMap((error) => {
    const paths = error.path && pathsOfRequirers(error.path, { requirers, selections });
    if (!paths) return [error];
    return paths.flatMap((path) => {
      const what = JSON.stringify([path, error.extensions?.code, error.extensions?.store]);
      if (told.has(what)) return [];
      told.add(what);
      return [{ ...error, path }];
    });
  });
}

/** Undefined where the operation asks for what the path names, or nothing there requires it. */
function pathsOfRequirers(
  path: Path,
  { requirers, selections }: { requirers: Requirers; selections: Selections },
): Path[] | undefined {
  let place: Place = selections.root;
  for (const [index, key] of path.entries()) {
    const below = selections.below(place, key);
    if (!below) {
      const requiring = place.fields.filter(({ parent, name }) =>
        requirers.get(`${parent.name}.${key}`)?.includes(name),
      );
      const keys = new Set(requiring.map((field) => field.key));
      return keys.size > 0 ? [...keys].map((key) => [...path.slice(0, index), key]) : undefined;
    }
    place = below;
  }
  return undefined;
}

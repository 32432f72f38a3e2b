import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLFormattedError,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  getOperationAST,
  isAbstractType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from 'graphql';

type Path = readonly (string | number)[];
type Json = Record<string | number, unknown>;

/** An answered operation. */
export interface Answer {
  data: Record<string, unknown> | null | undefined;
  errors: readonly GraphQLFormattedError[];
}

/** What the answer answers. */
export interface Operation {
  schema: GraphQLSchema;
  document: DocumentNode;
  operationName?: string | null;
}

/**
 * Lifts NOT_FOUND from an entity's fields to the entity: a lookup by id is rooted in a room that knows no store, so only
 * the owner's fields tell that the entity does not exist. The entity becomes null, or the nearest nullable thing above
 * it (GraphQL specification, section 6.4.4), with one error in place of one for each field.
 */
export function liftNotFound({ data, errors }: Answer, operation: Operation): Answer {
  const missing = new Map<string, Path>();
  for (const { path, extensions } of errors) {
    if (extensions?.code !== 'NOT_FOUND' || !path || path.length < 2) continue;
    const entity = nullablePrefix(path.slice(0, -1), operation);
    missing.set(entity.join('\0'), entity);
  }
  if (!data || missing.size === 0) return { data, errors };

  let answered: Answer['data'] = structuredClone(data);
  for (const path of missing.values()) answered = withNullAt(answered, path);
  const told = new Set<string>();
  const kept = errors.flatMap((error) => {
    const entity = [...missing.values()].find((path) => path.every((key, i) => error.path?.[i] === key));
    if (!entity) return [error];
    // Whatever else failed below a missing entity is not in the answer any more.
    const name = entity.join('\0');
    if (error.extensions?.code !== 'NOT_FOUND' || told.has(name)) return [];
    told.add(name);
    return [{ ...error, path: entity }];
  });
  return { data: answered, errors: kept };
}

function withNullAt(data: Answer['data'], path: Path): Answer['data'] {
  if (path.length === 0) return null;
  let parent = data as Json | null;
  for (const key of path.slice(0, -1)) parent = (parent?.[key] as Json | null) ?? null;
  const last = path.at(-1);
  if (parent && last !== undefined) parent[last] = null;
  return data;
}

/** The longest prefix of the path whose type may be null; empty for the whole data. */
function nullablePrefix(path: Path, { schema, document, operationName }: Operation): Path {
  const operation = getOperationAST(document, operationName);
  const root = operation && schema.getRootType(operation.operation);
  if (!operation || !root) return [];
  const fragments = new Map(
    document.definitions.flatMap((d) => (d.kind === Kind.FRAGMENT_DEFINITION ? [[d.name.value, d] as const] : [])),
  );
  let nullableLength = 0;
  let type: GraphQLOutputType = root;
  let selections: readonly SelectionSetNode[] = [operation.selectionSet];
  for (const [index, key] of path.entries()) {
    if (typeof key === 'number') {
      const list: GraphQLOutputType = isNonNullType(type) ? type.ofType : type;
      if (!isListType(list)) return path.slice(0, nullableLength);
      type = list.ofType;
    } else {
      const fields = fieldsAt(selections, { key, fragments });
      const parent: GraphQLNamedType = getNamedType(type);
      const name = fields[0]?.name.value;
      const possible: readonly GraphQLObjectType[] = isAbstractType(parent)
        ? schema.getPossibleTypes(parent)
        : isObjectType(parent)
          ? [parent]
          : [];
      const field = possible.map((type) => type.getFields()[name ?? '']).find(Boolean);
      if (!field) return path.slice(0, nullableLength);
      type = field.type;
      selections = fields.flatMap(({ selectionSet }) => selectionSet ?? []);
    }
    if (!isNonNullType(type)) nullableLength = index + 1;
  }
  return path.slice(0, nullableLength);
}

/** The fields that answer under a response key, fragments looked into. */
function fieldsAt(
  selectionSets: readonly SelectionSetNode[],
  at: { key: string; fragments: ReadonlyMap<string, FragmentDefinitionNode> },
): FieldNode[] {
  return selectionSets.flatMap(({ selections }) =>
    selections.flatMap((selection) => {
      if (selection.kind === Kind.FIELD) {
        return (selection.alias ?? selection.name).value === at.key ? [selection] : [];
      }
      const inner =
        selection.kind === Kind.INLINE_FRAGMENT
          ? selection.selectionSet
          : at.fragments.get(selection.name.value)?.selectionSet;
      return inner ? fieldsAt([inner], at) : [];
    }),
  );
}

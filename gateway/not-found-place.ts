import {
  type DocumentNode,
  type GraphQLNamedType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  getOperationAST,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from 'graphql';

/** Where something stands in an answer (GraphQL specification, section 7.1.6): response keys, and indices from 0. */
export type Path = readonly (string | number)[];

/** What was asked, of which schema. */
export interface Operation {
  schema: GraphQLSchema;
  document: DocumentNode;
  operationName?: string | null;
}

/** What an answer does without when a value in it is missing. */
export interface Loss {
  /** The value itself or the nearest thing around it that can be missed; empty for the whole data. */
  path: Path;
  /** It is an item of a list that may not hold null. */
  isLeftOut: boolean;
}

/** Selections, and the type that they are made on. */
interface Scope {
  selectionSet: SelectionSetNode;
  parent: GraphQLNamedType;
}

/**
 * What can be missed: whatever may be null (GraphQL specification, section 6.4.4), and any item of a list.
 * @returns a function from a value's path to what is lost with it; null where the operation does not ask for that value
 */
export function lossesOf({ schema, document, operationName }: Operation): (path: Path) => Loss | null {
  const operation = getOperationAST(document, operationName);
  const root = operation && schema.getRootType(operation.operation);
  return (path) => {
    if (!root) return null;
    let type: GraphQLOutputType = root;
    let scopes: Scope[] = [{ selectionSet: operation.selectionSet, parent: root }];
    let loss: Loss = { path: [], isLeftOut: false };
    for (const [index, key] of path.entries()) {
      if (typeof key === 'number') {
        const list: GraphQLOutputType = isNonNullType(type) ? type.ofType : type;
        if (!isListType(list)) return null;
        type = list.ofType;
      } else {
        const fields = scopes.flatMap((scope) => fieldsAt(scope, key));
        const [first] = fields;
        if (!first) return null;
        // Fields of one key have the same shape, whatever types they are of (section 5.3.2).
        type = first.type;
        scopes = fields.flatMap(({ scope }) => scope ?? []);
      }
      const isNullable = !isNonNullType(type);
      if (isNullable || typeof key === 'number') loss = { path: path.slice(0, index + 1), isLeftOut: !isNullable };
    }
    return loss;
  };

  /** The fields that answer under a response key, fragments looked into. */
  function fieldsAt({ selectionSet, parent }: Scope, key: string): { type: GraphQLOutputType; scope?: Scope }[] {
    return selectionSet.selections.flatMap((selection) => {
      if (selection.kind === Kind.FIELD) {
        const { alias, name, selectionSet } = selection;
        const hasFields = isObjectType(parent) || isInterfaceType(parent);
        const type = (alias ?? name).value === key && hasFields && parent.getFields()[name.value]?.type;
        return type ? [{ type, scope: selectionSet && { selectionSet, parent: getNamedType(type) } }] : [];
      }
      const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragmentOf(selection.name.value);
      const condition = fragment?.typeCondition && schema.getType(fragment.typeCondition.name.value);
      return fragment ? fieldsAt({ selectionSet: fragment.selectionSet, parent: condition ?? parent }, key) : [];
    });
  }

  function fragmentOf(name: string) {
    const definition = document.definitions.find((d) => d.kind === Kind.FRAGMENT_DEFINITION && d.name.value === name);
    return definition?.kind === Kind.FRAGMENT_DEFINITION ? definition : undefined;
  }
}

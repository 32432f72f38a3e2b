import {
  type DocumentNode,
  type FieldNode,
  type GraphQLNamedType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  getOperationAST,
  isInterfaceType,
  isListType,
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

/** A place of an answer. */
export interface Place {
  type: GraphQLOutputType;
  /** What is selected below it. */
  fields: SelectedField[];
}

/** A field as an operation selects it. */
export interface SelectedField {
  /** Its response key. */
  key: string;
  name: string;
  parent: GraphQLNamedType;
  type: GraphQLOutputType;
  node: FieldNode;
}

/** Leads from place to place of an operation's answer. */
export interface Selections {
  root: Place;
  /** The place below one, by an index or a response key; null where the operation does not ask for it. */
  below(place: Place, key: string | number): Place | null;
}

/** @returns null where the document has no such operation */
export function selectionsOf({ schema, document, operationName }: Operation): Selections | null {
  const operation = getOperationAST(document, operationName);
  const root = operation && schema.getRootType(operation.operation);
  if (!root) return null;

  return {
    root: { type: root, fields: fieldsIn(operation.selectionSet, root) },
    below({ type, fields }, key) {
      if (typeof key === 'number') {
        const list = getNullableType(type);
        return isListType(list) ? { type: list.ofType, fields } : null;
      }
      const selected = fields.filter((field) => field.key === key);
      const [first] = selected;
      // Fields of one key have the same shape, whatever types they are of (section 5.3.2).
      return first ? { type: first.type, fields: selected.flatMap(fieldsBelow) } : null;
    },
  };

  function fieldsBelow({ node, type }: SelectedField): SelectedField[] {
    return node.selectionSet ? fieldsIn(node.selectionSet, getNamedType(type)) : [];
  }

  /** What is selected of a type, fragments looked into: each once, since they may name one another many times. */
  function fieldsIn(
    { selections }: SelectionSetNode,
    parent: GraphQLNamedType,
    looked = new Set<SelectionSetNode>(),
  ): SelectedField[] {
    return selections.flatMap((selection) => {
      if (selection.kind === Kind.FIELD) {
        const { alias, name } = selection;
        const hasFields = isObjectType(parent) || isInterfaceType(parent);
        const type = hasFields ? parent.getFields()[name.value]?.type : undefined;
        return type ? [{ key: (alias ?? name).value, name: name.value, parent, type, node: selection }] : [];
      }
      const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragmentOf(selection.name.value);
      const condition = fragment?.typeCondition && schema.getType(fragment.typeCondition.name.value);
      if (!fragment || looked.has(fragment.selectionSet)) return [];
      looked.add(fragment.selectionSet);
      return fieldsIn(fragment.selectionSet, condition ?? parent, looked);
    });
  }

  function fragmentOf(name: string) {
    const definition = document.definitions.find((d) => d.kind === Kind.FRAGMENT_DEFINITION && d.name.value === name);
    return definition?.kind === Kind.FRAGMENT_DEFINITION ? definition : undefined;
  }
}

import {
  type DocumentNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  TypeInfo,
  typeFromAST,
  visit,
  visitWithTypeInfo,
} from 'graphql';

/**
 * Everything of a schema that a document relies on, as @graphql-inspector names it: `Movie`, `Movie.title`,
 * `Movie.similar.first` (an argument that is given), `WatchAction.PLAY`, `LoginInput.email`, `@include`.
 *
 * A client may send anything that a variable's type allows, and may get any value of an enum that it selects, so those
 * count as used whole. What the schema does not know is left out.
 */
export function usedCoordinates(schema: GraphQLSchema, document: DocumentNode): ReadonlySet<string> {
  const used = new Set<string>();
  const types = new TypeInfo(schema);
  /** Types of variables, and the types in them. */
  const sent = new Set<string>();

  const useEnum = (type: GraphQLNamedType | null | undefined) => {
    if (isEnumType(type)) for (const { name } of type.getValues()) used.add(`${type.name}.${name}`);
  };
  const useInput = (type: GraphQLNamedType | null | undefined) => {
    if (!type || sent.has(type.name)) return;
    sent.add(type.name);
    used.add(type.name);
    useEnum(type);
    if (!isInputObjectType(type)) return;
    for (const field of Object.values(type.getFields())) {
      used.add(`${type.name}.${field.name}`);
      useInput(getNamedType(field.type));
    }
  };
  /** The current field's coordinate; on an abstract type, also those of the types that may answer. */
  const fieldCoordinates = (): string[] => {
    const [parent, field] = [types.getParentType(), types.getFieldDef()];
    if (!parent || !field || field.name.startsWith('__')) return [];
    const answering = isAbstractType(parent) ? [parent, ...schema.getPossibleTypes(parent)] : [parent];
    return answering.map(({ name }) => `${name}.${field.name}`);
  };

  visit(
    document,
    visitWithTypeInfo(types, {
      Field() {
        const type = getNamedType(types.getFieldDef()?.type);
        for (const coordinate of fieldCoordinates()) used.add(coordinate);
        const parent = types.getParentType();
        for (const each of [parent, type]) if (each) used.add(each.name);
        useEnum(type);
      },
      Argument({ name }) {
        const directive = types.getDirective();
        const owners = directive ? [`@${directive.name}`] : fieldCoordinates();
        for (const owner of owners) used.add(`${owner}.${name.value}`);
      },
      Directive({ name }) {
        used.add(`@${name.value}`);
      },
      NamedType({ name }) {
        used.add(name.value);
      },
      VariableDefinition({ type }) {
        useInput(getNamedType(typeFromAST(schema, type as never)));
      },
      ObjectValue() {
        const type = getNamedType(types.getInputType());
        if (type) used.add(type.name);
      },
      ObjectField({ name }) {
        const type = getNamedType(types.getParentInputType());
        if (type) used.add(`${type.name}.${name.value}`);
      },
      EnumValue({ value }) {
        const type = getNamedType(types.getInputType());
        if (isEnumType(type)) used.add(type.name).add(`${type.name}.${value}`);
      },
    }),
  );
  return used;
}

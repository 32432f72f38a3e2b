import {
  buildASTSchema,
  type GraphQLCompositeType,
  type GraphQLSchema,
  isAbstractType,
  isCompositeType,
  isNonNullType,
  Kind,
  type OperationDefinitionNode,
  parse,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { type Finding, lineOf } from './finding.ts';
import { fieldsOf, keyFieldsOf, type Subgraph, type SubgraphField } from './subgraph.ts';

/**
 * Everything inside `@requires` is nullable, keys aside, or one dead store would void what is computed from several; and
 * where a thing may be of several types, `__typename` is asked for, or the room cannot tell which it was handed.
 */
export function checkRequires(subgraphs: readonly Subgraph[]): Finding[] {
  const fields = fieldsOf(subgraphs);
  const keys = new Set(
    fields.filter(({ type, field }) => keyFieldsOf(type).has(field.name.value)).map((f) => f.coordinate),
  );
  return subgraphs.flatMap((subgraph) => {
    const schema = buildASTSchema(subgraph.typeDefs, { assumeValid: true, assumeValidSDL: true });
    return fields
      .filter((each) => each.subgraph === subgraph)
      .flatMap((each) => faultsIn(each, { schema, keys }).map((fault) => findingOf(each, fault)));
  });
}

interface Fault {
  message: string;
  hint: string;
}

function faultsIn(
  { type, field }: SubgraphField,
  { schema, keys }: { schema: GraphQLSchema; keys: ReadonlySet<string> },
): Fault[] {
  const selection = field.directives
    ?.find(({ name }) => name.value === 'requires')
    ?.arguments?.find(({ name }) => name.value === 'fields')?.value;
  if (selection?.kind !== Kind.STRING) return [];
  const faults: Fault[] = [];
  const types = new TypeInfo(schema, schema.getType(type.name.value) as GraphQLCompositeType);
  const [operation] = parse(`{ ${selection.value} }`).definitions;
  visit(
    (operation as OperationDefinitionNode).selectionSet,
    visitWithTypeInfo(types, {
      Field({ name }) {
        const coordinate = `${types.getParentType()?.name}.${name.value}`;
        if (!isNonNullType(types.getFieldDef()?.type) || keys.has(coordinate) || name.value === '__typename') return;
        const hint = `Make ${coordinate} nullable in every subgraph that has it.`;
        faults.push({ message: `asks for ${coordinate}, which may not be null`, hint });
      },
      SelectionSet({ selections }) {
        const parent = types.getParentType();
        if (!isCompositeType(parent) || !isAbstractType(parent)) return;
        if (selections.some((each) => each.kind === Kind.FIELD && each.name.value === '__typename')) return;
        const hint = `Add __typename to what is asked of ${parent.name} there.`;
        faults.push({ message: `asks for ${parent.name}, which is of several types, without __typename`, hint });
      },
    }),
  );
  return faults;
}

const findingOf = ({ coordinate, subgraph, field }: SubgraphField, { message, hint }: Fault): Finding => ({
  ...{ level: 'error', message: `@requires of ${coordinate} ${message}.`, hint },
  ...{ coordinate, file: subgraph.file, line: lineOf(field) },
});

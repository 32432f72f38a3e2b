import { Kind } from 'graphql';
import { type Finding, lineOf } from './finding.ts';
import { fieldsOf, hasDirective, keyFieldsOf, rootTypes, type Subgraph, type SubgraphField } from './subgraph.ts';

/** By entity: the subgraphs that know for certain that one exists. */
export type Owners = Readonly<Record<string, readonly string[]>>;

/**
 * A dead store may cost its own fields only (DESIGN, section 2). So a field is nullable where GraphQL's null would
 * spread to what another store answers: a field of an entity, key aside; a field of a root type; and a field that gives
 * an entity which only another subgraph can know to be there. An item of a list need not be nullable for that: the list
 * goes on without it (`gateway/not-found.ts`).
 */
export function checkNullability(subgraphs: readonly Subgraph[], owners: Owners): Finding[] {
  const fields = fieldsOf(subgraphs);
  const entities = new Set(fields.filter(({ type }) => hasDirective(type, 'key')).map(({ type }) => type.name.value));
  const unowned = [...entities]
    .filter((name) => !owners[name])
    .map(
      (name): Finding => ({
        ...{ level: 'error', message: `The entity ${name} has no owner.`, coordinate: name, file: ownershipFile },
        hint: `Say in \`owners\` of ${ownershipFile} which subgraph knows that one exists.`,
      }),
    );
  const unknown = Object.entries(owners).flatMap(([name, subgraphNames]) => [
    ...(entities.has(name) ? [] : [gone(name, 'no entity')]),
    ...subgraphNames
      .filter((owner) => !subgraphs.some((subgraph) => subgraph.name === owner))
      .map((owner) => gone(owner, 'no subgraph')),
  ]);
  const strict = fields.flatMap((each) => {
    if (each.field.type.kind !== Kind.NON_NULL_TYPE) return [];
    const reason = reasonToBeNullable(each, owners);
    return reason ? [mustBeNullable(each, reason)] : [];
  });
  return [...unowned, ...unknown, ...strict];
}

const ownershipFile = 'contract/ownership.ts';

const gone = (name: string, what: string): Finding => ({
  ...{
    level: 'error',
    message: `${name} in \`owners\` is ${what} of the graph.`,
    coordinate: name,
    file: ownershipFile,
  },
  hint: 'Take the line out, or mend the name.',
});

function reasonToBeNullable({ subgraph, type, field }: SubgraphField, owners: Owners): string | null {
  const [typeName, name] = [type.name.value, field.name.value];
  if (rootTypes.has(typeName)) return 'other stores answer the fields beside it';
  if (owners[typeName] && !keyFieldsOf(type).has(name)) return 'other stores answer other fields of the entity';
  const given =
    field.type.kind === Kind.NON_NULL_TYPE && field.type.type.kind === Kind.NAMED_TYPE ? field.type.type : null;
  const givenOwners = given && owners[given.name.value];
  if (givenOwners && !givenOwners.includes(subgraph.name)) {
    return `only ${givenOwners.join(' and ')} can tell whether that ${given.name.value} exists`;
  }
  return null;
}

const mustBeNullable = ({ coordinate, subgraph, field }: SubgraphField, reason: string): Finding => ({
  ...{ level: 'error', coordinate, file: subgraph.file, line: lineOf(field) },
  message: `${coordinate} of ${subgraph.name} may not be non-null: ${reason}.`,
  hint: 'Take the `!` off, or a dead store costs more than its own fields.',
});

import {
  type ConstDirectiveNode,
  type DefinitionNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type InputValueDefinitionNode,
  Kind,
  print,
  valueFromASTUntyped,
} from 'graphql';
import type { Room } from './room.ts';
import { schemaCoordinates } from './schema-coordinates.ts';
import { typeDefsOf } from './subgraph.ts';

/** What a supergraph wants of a subgraph: an element of its schema, with that type. */
interface Claim {
  graph: string;
  coordinate: string;
  type: string;
}

/**
 * What a supergraph wants of the rooms of this process and they do not have: whole subgraphs, and fields, arguments and enum values, or
 * their types. Read from its `join` directives (https://specs.apollo.dev/join/v0.3/); a line each.
 */
export function supergraphProblems({ definitions }: DocumentNode, rooms: readonly Room[]): string[] {
  const names = subgraphNames(definitions);
  if (names.size === 0) return ['it names no subgraph'];
  const known = new Map(rooms.map((room) => [room.name, room]));
  const unknown = [...names.values()].filter((name) => !known.has(name));
  const schemas = new Map(
    [...names].flatMap(([graph, name]) => {
      const room = known.get(name);
      return room ? [[graph, schemaCoordinates(typeDefsOf(room))] as const] : [];
    }),
  );
  const wrong = definitions.flatMap(claimsOf).flatMap(({ graph, coordinate, type }) => {
    const own = schemas.get(graph)?.get(coordinate);
    if (own === type || !schemas.has(graph)) return [];
    return [`${names.get(graph)} has ${own ? `${coordinate} of type ${own}, not ${type}` : `no ${coordinate}`}`];
  });
  return [...unknown.map((name) => `there is no subgraph ${name}`), ...wrong];
}

/** The subgraphs' names by the graph's, which stand in an enum of their own. */
function subgraphNames(definitions: readonly DefinitionNode[]): Map<string, string> {
  const graphs = definitions.find(
    (node) => node.kind === Kind.ENUM_TYPE_DEFINITION && node.name.value === 'join__Graph',
  );
  const values = graphs?.kind === Kind.ENUM_TYPE_DEFINITION ? (graphs.values ?? []) : [];
  return new Map(values.map((value) => [value.name.value, String(joins(value, 'graph')[0]?.name)]));
}

function claimsOf(definition: DefinitionNode): Claim[] {
  switch (definition.kind) {
    case Kind.OBJECT_TYPE_DEFINITION:
    case Kind.INTERFACE_TYPE_DEFINITION:
    case Kind.INPUT_OBJECT_TYPE_DEFINITION: {
      if (definition.name.value.includes('__')) return [];
      const graphs = joins(definition, 'type').map(({ graph }) => String(graph));
      return (definition.fields ?? []).flatMap((field) => fieldClaims(definition.name.value, field, graphs));
    }
    case Kind.ENUM_TYPE_DEFINITION:
      return (definition.values ?? []).flatMap((value) =>
        joins(value, 'enumValue').map(({ graph }) => ({
          graph: String(graph),
          coordinate: `${definition.name.value}.${value.name.value}`,
          type: 'value',
        })),
      );
    default:
      return [];
  }
}

/** @param typeGraphs the graphs that the field's type is in: without a directive of its own, the field is in all of them */
function fieldClaims(
  typeName: string,
  field: FieldDefinitionNode | InputValueDefinitionNode,
  typeGraphs: readonly string[],
): Claim[] {
  const own = joins(field, 'field');
  const places =
    own.length > 0 ? own.filter(({ graph }) => graph !== undefined) : typeGraphs.map((graph) => ({ graph }));
  const coordinate = `${typeName}.${field.name.value}`;
  const args = field.kind === Kind.FIELD_DEFINITION ? (field.arguments ?? []) : [];
  return places.flatMap(({ graph: name, type }: Join) => {
    const graph = String(name);
    return [
      { graph, coordinate, type: String(type ?? print(field.type)) },
      ...args.map((arg) => ({ graph, coordinate: `${coordinate}(${arg.name.value}:)`, type: print(arg.type) })),
    ];
  });
}

type Join = Readonly<Record<string, unknown>>;

/** The arguments of each of a node's `@join__<name>` directives. */
const joins = ({ directives = [] }: { directives?: readonly ConstDirectiveNode[] }, name: string): Join[] =>
  directives
    .filter((directive) => directive.name.value === `join__${name}`)
    .map(({ arguments: args = [] }) =>
      Object.fromEntries(args.map((arg) => [arg.name.value, valueFromASTUntyped(arg.value)])),
    );

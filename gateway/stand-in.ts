import { buildSubgraphSchema } from '@apollo/subgraph';
import {
  execute,
  type FieldDefinitionNode,
  type GraphQLError,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLLeafType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isEnumType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
} from 'graphql';
import { parseOperation } from './documents.ts';
import { codeOf } from './errors.ts';
import type { Answer, Fetch } from './execution.ts';
import type { Room } from './room.ts';
import { scalars } from './scalars.ts';
import { typeDefsOf } from './subgraph.ts';

/** What there is to answer a fetch from. */
export interface Given {
  /** The data as it came from elsewhere, trusted in nothing; undefined where nothing came. */
  data?: unknown;
  /** The coded error of each field that it does not answer. */
  reason: GraphQLError;
}

/** Answers in a room's place. Never throws. */
export type StandIn = (fetch: Fetch, given: Given) => Promise<Answer>;

/**
 * Answers a room's fetches from what came over the wire, or from nothing. The operation is executed once more, on a schema of
 * the room's shape whose fields are read from the data (GraphQL specification, section 6.4 "Executing Fields"): so what is
 * missing or of a wrong kind is null alone, with an error at its path, and what nobody asked for is dropped.
 */
export function createStandIn(room: Room): StandIn {
  const schema = standInSchema(room);
  return async ({ query, variables }, { data, reason }) => {
    const { data: filled, errors } = await execute({
      schema,
      document: parseOperation(query),
      variableValues: variables,
      rootValue: isObject(data) ? data : {},
      contextValue: reason,
    });
    const coded = errors?.map((error) => (codeOf(error) ? error : locate(reason, error)));
    return { data: filled, ...(coded && { errors: coded }) } as Answer;
  };
}

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const locate = ({ message, extensions }: GraphQLError, { path }: GraphQLError) => ({ message, extensions, path });

function standInSchema(room: Room): GraphQLSchema {
  const schema = buildSubgraphSchema({ typeDefs: typeDefsOf(room) });
  for (const type of Object.values(schema.getTypeMap())) {
    if (isUnionType(type) && type.name === '_Entity') type.resolveType = ({ __typename }) => __typename;
    if (!isObjectType(type) || type.name.startsWith('_')) continue;
    for (const field of Object.values(type.getFields())) {
      field.resolve = field.name === '_entities' ? givenEntities : givenField(field);
    }
  }
  return schema;
}

/** Reads a field from what was given for its parent, under its alias. */
const givenField =
  ({ type, astNode }: GraphQLField<Json, GraphQLError>): GraphQLFieldResolver<Json, GraphQLError> =>
  (...call) => {
    const [parent, , reason, { path }] = call;
    if (Object.hasOwn(parent, path.key)) return ofKind(type, parent[path.key], reason);
    // Nobody asked for a signal between rooms: what is made of it says what it lacks.
    if (isInaccessible(astNode)) return null;
    throw reason;
  };

/**
 * One entity for each representation (Apollo Federation subgraph specification, "Resolving entities"); where none was given
 * for one, its keys are still known.
 */
const givenEntities: GraphQLFieldResolver<Json, GraphQLError, { representations: readonly Json[] }> = (
  { _entities: given },
  { representations },
) => {
  const isWhole = Array.isArray(given) && given.length === representations.length;
  return representations.map((representation, index) => {
    const entity: unknown = isWhole ? given[index] : undefined;
    if (entity === null) return null;
    const { __typename } = representation;
    const isItsType = isObject(entity) && (entity.__typename ?? __typename) === __typename;
    return isItsType ? { ...entity, __typename } : representation;
  });
};

/** The value where it is what JSON has for that type (GraphQL specification, section 7.2.2), the reason in place of what is not. */
function ofKind(type: GraphQLOutputType, value: unknown, reason: GraphQLError): unknown {
  if (isNonNullType(type)) return ofKind(type.ofType, value, reason);
  if (value === null) return null;
  if (isListType(type)) return Array.isArray(value) ? value.map((item) => ofKind(type.ofType, item, reason)) : reason;
  return (isLeafType(type) ? isLeaf(type, value) : isObject(value)) ? value : reason;
}

/** What JSON has for the scalars that every GraphQL server knows. A scalar that nobody here knows may be anything. */
const scalarKinds: Record<string, (value: unknown) => boolean> = {
  Int: (value) => Number.isInteger(value) && Math.abs(value as number) < 2 ** 31,
  Float: (value) => typeof value === 'number',
  String: (value) => typeof value === 'string',
  ID: (value) => typeof value === 'string',
  Boolean: (value) => typeof value === 'boolean',
  ...Object.fromEntries(
    Object.entries(scalars).map(([name, scalar]) => [name, (value) => succeeds(() => scalar.parseValue(value))]),
  ),
};

function isLeaf(type: GraphQLLeafType, value: unknown): boolean {
  if (isEnumType(type)) return type.getValue(String(value)) !== undefined && typeof value === 'string';
  return scalarKinds[type.name]?.(value) ?? true;
}

function succeeds(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}

const isInaccessible = (field: FieldDefinitionNode | null | undefined) =>
  field?.directives?.some(({ name }) => name.value === 'inaccessible');

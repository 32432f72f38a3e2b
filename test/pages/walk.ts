import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isEnumType,
  isObjectType,
  isRequiredArgument,
} from 'graphql';
import { type Answered, ask } from '../harness.ts';

/** Walks the whole schema. */
export interface Walker {
  /** Asks for every field below every root field; gives one answer a root. */
  walk(token?: string): Promise<Map<string, Answered>>;
  /** The fields that the walk selects, as `Type.field`. */
  visited(): Set<string>;
  /** The fields of the answers of mutations. */
  visitedInMutations(): Set<string>;
}

/** How far a walk has come. */
interface Walk {
  /** Fields that were selected, as `Type.field`. */
  visited: Set<string>;
  /** Types that were gone into: each once, or the graph's circles would never end. */
  entered: Set<string>;
}

/**
 * @param aims the ids that root fields are asked for
 * @throws Error for a required argument that it knows no value for
 */
export function createWalker(schema: GraphQLSchema, aims: Record<string, string>): Walker {
  const roots = Object.values((schema.getQueryType() as GraphQLObjectType).getFields());

  function sampleFor(field: string, argument: GraphQLArgument): string {
    const type = getNamedType(argument.type);
    if (argument.name === 'id' && aims[field]) return JSON.stringify(aims[field]);
    if (type.name === 'Date') return JSON.stringify(new Date().toISOString().slice(0, 10));
    if (isEnumType(type)) return type.getValues()[0]?.name ?? '';
    throw new Error(`the walk knows no value for ${field}(${argument.name}: ${argument.type})`);
  }

  function argumentsOf({ name, args }: GraphQLField<unknown, unknown>): string {
    const needed = args.filter(isRequiredArgument).map((arg) => `${arg.name}: ${sampleFor(name, arg)}`);
    return needed.length > 0 ? `(${needed.join(', ')})` : '';
  }

  function selectField(field: GraphQLField<unknown, unknown>, walk: Walk): string {
    const below = getNamedType(field.type);
    return `${field.name}${argumentsOf(field)} ${isObjectType(below) ? selectAll(below, walk) : ''}`;
  }

  /** Selects every field of a type and, at the first meeting, of the types below it; of a type met again only what is plain. */
  function selectAll(type: GraphQLObjectType, walk: Walk): string {
    const isNew = !walk.entered.has(type.name);
    walk.entered.add(type.name);
    const fields = Object.values(type.getFields())
      .filter((field) => isNew || (!isObjectType(getNamedType(field.type)) && !field.args.some(isRequiredArgument)))
      .map((field) => {
        walk.visited.add(`${type.name}.${field.name}`);
        return selectField(field, walk);
      });
    return `{ __typename ${fields.join(' ')} }`;
  }

  /**
   * Selects all below a root field, in several selections: each way on from there begins anew. What is null at the end of one way,
   * and so cannot be looked into there, may be shown at the end of another.
   */
  function selectionsBelow(root: GraphQLField<unknown, unknown>, visited: Set<string>): string[] {
    const type = getNullableType(root.type);
    if (!isObjectType(type)) return [selectField(root, { visited, entered: new Set() })];
    const [ways = [], plain = []] = [true, false].map((leadsOn) =>
      Object.values(type.getFields()).filter((field) => isObjectType(getNamedType(field.type)) === leadsOn),
    );
    return [plain, ...ways.map((field) => [field])].map((fields) => {
      const walk: Walk = { visited, entered: new Set([type.name]) };
      for (const { name } of fields) visited.add(`${type.name}.${name}`);
      return `${root.name}${argumentsOf(root)} { __typename ${fields.map((field) => selectField(field, walk)).join(' ')} }`;
    });
  }

  return {
    async walk(token) {
      const answers = new Map<string, Answered>();
      for (const root of roots) {
        const parts: Answered[] = [];
        for (const selection of selectionsBelow(root, new Set())) parts.push(await ask(`{ ${selection} }`, { token }));
        const values = parts.map(({ data }) => data[root.name]);
        const value = parts.length > 1 && values.some(Boolean) ? Object.assign({}, ...values) : values[0];
        const errors = parts.flatMap((part) => part.errors);
        answers.set(root.name, { data: { [root.name]: value }, errors, extensions: {} });
      }
      return answers;
    },
    visited() {
      const visited = new Set(roots.map(({ name }) => `Query.${name}`));
      for (const root of roots) selectionsBelow(root, visited);
      return visited;
    },
    visitedInMutations() {
      const walk: Walk = { visited: new Set(), entered: new Set() };
      for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
        const payload = getNamedType(field.type);
        if (isObjectType(payload)) selectAll(payload, walk);
      }
      return walk.visited;
    },
  };
}

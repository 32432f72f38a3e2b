import {
  type FieldNode,
  type GraphQLNamedType,
  type GraphQLResolveInfo,
  getArgumentValues,
  getNamedType,
  isObjectType,
  isUnionType,
  Kind,
  type SelectionSetNode,
} from 'graphql';
import { between1And, longestPage } from '../../gateway/arguments.ts';
import { codedError } from '../../gateway/errors.ts';

/** How far one operation may walk through the graph, and how much it may bring back. */
export const bounds = {
  /** Relationships one below the other: a friend's friend's film is three. */
  depth: 4,
  /** Nodes, if every list were as long as it may be. */
  places: 10_000,
  /** Walks in one operation: each is a statement of its own. */
  walks: 10,
  /** Lists on them, aliases included: each is a part of the statement, which Neo4j has to plan before it runs. */
  lists: 20,
  /** The longest list on a walk. */
  limit: 50,
};

/**
 * How much of the graph is read to propose something to somebody, whoever they are. Neo4j wants integers: bigints.
 * A proposal that needs more than this to be found is none that would come first.
 */
export const proposalBounds = {
  /** Whom the user followed last: what these do counts. */
  friends: 200n,
  /** Who follows more than so many says nothing by it, and is most of the work. */
  followsOfAFriend: 1_000n,
  /** Those with the most mutual friends are compared by their tags as well; for each, all that they like is read. */
  candidates: 200n,
  /** Names of mutual friends and of shared tags that a proposal gives as its reasons. */
  reasons: 5n,
  /** Movies that friends have watched. */
  movies: 100n,
  /** Movies that the user has watched. */
  watched: 5_000n,
};

/** What came of an operation: graphql-js makes the coerced variables anew for each execution. */
const measured = new WeakMap<object, { error?: unknown }>();

/**
 * Refuses an operation that could walk too far, before the store is asked. What counts is all that it could bring back
 * together: aliases, fragments and several roots make it no smaller, and what `@skip` may leave out counts as well.
 * @throws BAD_USER_INPUT
 */
export function checkBounds(info: GraphQLResolveInfo): void {
  const known = measured.get(info.variableValues);
  const result = known ?? {};
  if (!known) {
    measured.set(info.variableValues, result);
    try {
      measure(info);
    } catch (error) {
      result.error = error;
    }
  }
  if (result.error) throw result.error;
}

/** Where a selection stands: on so many objects of a type, so many relationships away from the root. */
interface Standing {
  type: GraphQLNamedType | undefined;
  objects: number;
  depth: number;
}

function measure({ schema, fragments, variableValues, operation }: GraphQLResolveInfo): void {
  const root = schema.getRootType(operation.operation) ?? undefined;
  const entities = (variableValues.representations ?? []) as { __typename: string }[];
  let places = 0;
  let walks = 0;
  let lists = 0;

  function measureFields({ selections }: SelectionSetNode, standing: Standing, seen = new Set<string>()): void {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        measureField(selection, standing);
        continue;
      }
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        // Merged in one place however often it is spread there.
        if (seen.has(selection.name.value)) continue;
        seen.add(selection.name.value);
      }
      const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? fragments[selection.name.value] : selection;
      if (fragment) measureFields(fragment.selectionSet, narrowed(standing, fragment.typeCondition?.name.value), seen);
    }
  }

  /** A fetch of the gateway asks for entities that other rooms have found; their types are known by condition only. */
  function narrowed(standing: Standing, typeName: string | undefined): Standing {
    if (!typeName || !isUnionType(standing.type)) return standing;
    const objects = entities.filter(({ __typename }) => __typename === typeName).length;
    return { ...standing, type: schema.getType(typeName), objects };
  }

  function measureField(node: FieldNode, { type, objects, depth }: Standing): void {
    const field = isObjectType(type) ? type.getFields()[node.name.value] : undefined;
    if (!field || !node.selectionSet) return;
    const below = { type: getNamedType(field.type), objects, depth };
    if (type === root && !isUnionType(below.type)) walks += 1;
    const { limit, first } = getArgumentValues(field, node, variableValues) as { limit?: number; first?: number };
    if (limit !== undefined) lists += 1;
    const length = limit === undefined ? clamped(first) : between1And(bounds.limit, { limit });
    if (length !== undefined) {
      below.objects *= length;
      below.depth += 1;
      places += below.objects;
    }
    if (walks > bounds.walks) throw tooMuch(`at most ${bounds.walks} times`);
    if (lists > bounds.lists) throw tooMuch(`along at most ${bounds.lists} lists, aliases included`);
    if (below.depth > bounds.depth) throw tooMuch(`at most ${bounds.depth} relationships one below the other`);
    if (places > bounds.places) throw tooMuch(`to at most ${bounds.places} places, were every list full`);
    measureFields(node.selectionSet, below);
  }

  if (root) measureFields(operation.selectionSet, { type: root, objects: 1, depth: 0 });
}

/** A page field's `first`, as long as it may be: a wrong one is the field's own to refuse. */
const clamped = (first: number | undefined) =>
  first === undefined ? undefined : Math.min(Math.max(first, 0), longestPage);

const tooMuch = (what: string) => codedError('BAD_USER_INPUT', `One query may walk ${what}.`);

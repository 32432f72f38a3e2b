import {
  type ConstDirectiveNode,
  defaultFieldResolver,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  isObjectType,
  valueFromASTUntyped,
} from 'graphql';
import { codedError } from './errors.ts';
import { type Context, requireViewer } from './room.ts';

/**
 * Enforces federation's `@authenticated` and `@requiresScopes` (Apollo Federation 2.5 and later) on fields and on
 * object types: a guarded field asks for the viewer first, and its resolver, and so its store, only afterwards.
 * Changes the schema in place.
 */
export function guard(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('_')) continue;
    for (const field of Object.values(type.getFields())) guardField(type, field);
  }
  return schema;
}

function guardField(type: GraphQLObjectType, field: GraphQLField<unknown, Context<unknown>>): void {
  const directives = [type, ...type.extensionASTNodes, field]
    .flatMap((element) => ('astNode' in element ? element.astNode : element)?.directives ?? [])
    .filter(({ name }) => name.value === 'authenticated' || name.value === 'requiresScopes');
  if (directives.length === 0) return;
  const alternatives = directives.map(scopesOf);
  const { resolve = defaultFieldResolver } = field;
  field.resolve = async (...call) => {
    const [, , { request }] = call;
    const viewer = await requireViewer(request);
    const missing = alternatives.find(
      (sets) => !sets.some((set) => set.every((scope) => viewer.scopes.includes(scope))),
    );
    if (missing) {
      const wanted = missing.map((set) => set.join(' and ')).join(', or ');
      throw codedError('FORBIDDEN', `This needs the scope ${wanted}.`);
    }
    return resolve(...call);
  };
}

/** The sets of scopes one of which the directive wants whole; `@authenticated` wants the empty set. */
function scopesOf(directive: ConstDirectiveNode): string[][] {
  const scopes = directive.arguments?.find(({ name }) => name.value === 'scopes');
  return scopes ? (valueFromASTUntyped(scopes.value) as string[][]) : [[]];
}

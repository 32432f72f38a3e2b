import { type ConstDirectiveNode, valueFromASTUntyped } from 'graphql';
import { type Finding, lineOf } from './finding.ts';
import { fieldsOf, hasDirective, type Subgraph, type SubgraphField } from './subgraph.ts';

/** For everybody; for whoever is logged in (`@authenticated`); or for those with all of these scopes (`@requiresScopes`). */
export type Access = 'everybody' | 'authenticated' | readonly string[];

export interface AccessRules {
  /** By coordinate, such as `User.email`. */
  access: Readonly<Record<string, Access>>;
  /** Types all of whose fields stand in `access`. */
  personal: readonly string[];
}

const file = 'contract/ownership.ts';

/**
 * The schema and the table of who may see what must say the same: in every subgraph that answers a field, since each is
 * guarded by itself; and both ways, so that neither a guard nor a line of the table is lost unnoticed.
 */
export function checkAuthorisation(subgraphs: readonly Subgraph[], { access, personal }: AccessRules): Finding[] {
  const fields = fieldsOf(subgraphs).filter(({ field }) => !hasDirective(field, 'external'));
  const coordinates = new Set(fields.map(({ coordinate }) => coordinate));
  const gone = Object.keys(access)
    .filter((coordinate) => !coordinates.has(coordinate))
    .map(
      (coordinate): Finding => ({
        ...{ level: 'error', message: `${coordinate} stands in \`access\`, and no subgraph has it.`, coordinate, file },
        hint: 'Take the line out, or mend the name.',
      }),
    );
  return [...gone, ...fields.flatMap((each) => checkField(each, { access, personal }))];
}

function checkField(each: SubgraphField, { access, personal }: AccessRules): Finding[] {
  const { coordinate, subgraph, type, field } = each;
  const place = { coordinate, file: subgraph.file, line: lineOf(field) };
  const declared = declaredAccess(each);
  const listed = access[coordinate] ?? (type.name.value === 'Mutation' ? 'authenticated' : undefined);
  if (listed === undefined && personal.includes(type.name.value)) {
    const hint = `Add a line to \`access\` of ${file}: 'everybody', 'authenticated' or scopes.`;
    return [{ level: 'error', message: `Nobody has said who may see ${coordinate}.`, hint, ...place }];
  }
  if (sameAccess(declared, listed ?? 'everybody')) return [];
  const is = `${coordinate} of ${subgraph.name} is for ${inWords(declared)}`;
  if (listed === undefined) {
    const hint = `Add it to \`access\` of ${file}, so that it cannot lose its guard unnoticed.`;
    return [{ level: 'error', message: `${is}, and no table says so.`, hint, ...place }];
  }
  const hint = `Declare it in the schema with @authenticated or @requiresScopes; or change ${file}, where that is meant.`;
  return [{ level: 'error', message: `${is}, where it should be for ${inWords(listed)}.`, hint, ...place }];
}

/** What the schema asks of a viewer; a guard on the type guards each of its fields. */
function declaredAccess({ type, field }: SubgraphField): Access {
  const directives = [...(type.directives ?? []), ...(field.directives ?? [])];
  const scopes = directives.filter(({ name }) => name.value === 'requiresScopes').flatMap(scopesOf);
  if (scopes.length > 0) return [...new Set(scopes)];
  return directives.some(({ name }) => name.value === 'authenticated') ? 'authenticated' : 'everybody';
}

/** Scopes that are wanted all; of alternatives, one string such as `xray or analytics`. */
function scopesOf({ arguments: args = [] }: ConstDirectiveNode): string[] {
  const value = args.find(({ name }) => name.value === 'scopes')?.value;
  const sets = value ? (valueFromASTUntyped(value) as string[][]) : [];
  return sets.length === 1 ? (sets[0] ?? []) : [sets.map((set) => set.join(' and ')).join(' or ')];
}

const inWords = (access: Access): string => {
  if (access === 'everybody') return 'everybody';
  return access === 'authenticated' ? 'whoever is logged in' : `those with the scope ${[...access].join(' and ')}`;
};

const sameAccess = (a: Access, b: Access): boolean => inWords(a) === inWords(b);

import {
  type DocumentNode,
  type FieldDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  type ObjectTypeExtensionNode,
} from 'graphql';

/** A room's slice of the graph, as the checks read it. */
export interface Subgraph {
  name: string;
  /** Where it is written, relative to the project's root. */
  file: string;
  typeDefs: DocumentNode;
}

/** An object type as one subgraph sees it; an extension is as good as a definition. */
export type ObjectTypeNode = ObjectTypeDefinitionNode | ObjectTypeExtensionNode;

/** A field as one subgraph answers it. */
export interface SubgraphField {
  /** `Movie.title` */
  coordinate: string;
  subgraph: Subgraph;
  type: ObjectTypeNode;
  field: FieldDefinitionNode;
}

/** The types through which every operation enters. */
export const rootTypes: ReadonlySet<string> = new Set(['Query', 'Mutation', 'Subscription']);

/** Every field of every object type, once for each subgraph that has it. */
export const fieldsOf = (subgraphs: readonly Subgraph[]): SubgraphField[] =>
  subgraphs.flatMap((subgraph) =>
    subgraph.typeDefs.definitions
      .filter(({ kind }) => kind === Kind.OBJECT_TYPE_DEFINITION || kind === Kind.OBJECT_TYPE_EXTENSION)
      .flatMap((definition) => {
        const type = definition as ObjectTypeNode;
        return (type.fields ?? []).map((field) => ({
          ...{ coordinate: `${type.name.value}.${field.name.value}`, subgraph, type, field },
        }));
      }),
  );

/** Whether an element carries a directive, by its name without the `@`. */
export const hasDirective = (
  { directives }: { directives?: readonly { name: { value: string } }[] },
  name: string,
): boolean => directives?.some((directive) => directive.name.value === name) ?? false;

/** The fields of a type's `@key`s; `id` of `@key(fields: "id")`. */
export function keyFieldsOf({ directives = [] }: ObjectTypeNode): ReadonlySet<string> {
  const names = directives
    .filter(({ name }) => name.value === 'key')
    .flatMap(({ arguments: args = [] }) => args)
    .flatMap(({ name, value }) =>
      name.value === 'fields' && value.kind === Kind.STRING ? (value.value.match(/\w+/g) ?? []) : [],
    );
  return new Set(names);
}

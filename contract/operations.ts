import {
  type DefinitionNode,
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  parse,
  validate,
} from 'graphql';
import type { Finding } from './finding.ts';

/** A file of `schema/operations`. */
export interface OperationFile {
  /** Relative to the project's root. */
  file: string;
  text: string;
}

/** An operation that frontends send. */
export interface Operation {
  /** `MoviePage` */
  name: string;
  file: string;
  document: DocumentNode;
}

/**
 * Every file must hold one named operation that is valid on the schema that clients see, and no name may come twice.
 * @returns the operations that can be worked with, and what is wrong with the others
 */
export function checkOperations(
  apiSchema: GraphQLSchema,
  files: readonly OperationFile[],
): { operations: Operation[]; findings: Finding[] } {
  const operations: Operation[] = [];
  const findings: Finding[] = [];
  for (const { file, text } of files) {
    const errors = [];
    try {
      const document = parse(text);
      errors.push(...validate(apiSchema, document));
      const [definition, ...more] = document.definitions.filter(isOperation);
      const name = definition?.name?.value;
      if (!name || more.length > 0) errors.push(new GraphQLError('A file holds one operation, and that has a name.'));
      else if (operations.some((other) => other.name === name))
        errors.push(new GraphQLError(`Another file has an operation ${name} as well.`, { nodes: definition }));
      else if (errors.length === 0) operations.push({ name, file, document });
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      errors.push(error);
    }
    for (const { message, locations } of errors) {
      const hint = 'Mend the operation, or give back what it asks for.';
      findings.push({ level: 'error', message, hint, file, line: locations?.[0]?.line ?? 1 });
    }
  }
  return { operations, findings };
}

const isOperation = (definition: DefinitionNode): definition is OperationDefinitionNode =>
  definition.kind === Kind.OPERATION_DEFINITION;

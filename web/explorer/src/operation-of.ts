import { Kind, type OperationDefinitionNode, parse } from 'graphql';

/**
 * The operation that a run means. GraphiQL reads the editor a moment after each change, so just after a change of tabs
 * the name that it gives may still be the former tab's; a document with one operation needs none.
 * @param name as GraphiQL has it
 * @returns null for a text that is no document, which the gateway then explains
 */
export function operationOf(query: string, name: string | null): OperationDefinitionNode | null {
  try {
    const operations = parse(query).definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
    return operations.find((operation) => operation.name?.value === name) ?? operations[0] ?? null;
  } catch {
    return null;
  }
}

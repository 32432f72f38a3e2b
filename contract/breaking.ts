import { type Change, ChangeType, CriticalityLevel, diff } from '@graphql-inspector/core';
import {
  type GraphQLSchema,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
} from 'graphql';
import type { Finding } from './finding.ts';
import type { Operation } from './operations.ts';
import { usedCoordinates } from './usage.ts';

export interface Revisions {
  /** What clients saw at the base revision. */
  before: GraphQLSchema;
  /** What they see now. */
  after: GraphQLSchema;
  /** What they send now, and what they sent at the base revision: that is what is deployed. */
  operations: readonly Operation[];
}

/**
 * Compares two API schemas (https://the-guild.dev/graphql/inspector). A change that breaks a listed operation is an
 * error, any other breaking change a warning.
 */
export async function checkBreakingChanges({ before, after, operations }: Revisions): Promise<Finding[]> {
  const changes = (await diff(before, after)).filter(({ criticality }) => criticality.level === breaking);
  const uses = operations.map(({ name, file, document }) => ({ name, file, used: usedCoordinates(before, document) }));
  return changes.map((change) => {
    const { message, path } = change;
    const affected = affectedBy(change, after);
    const hit = uses.filter(({ used }) => !affected || affected.some((coordinate) => used.has(coordinate)));
    if (hit.length === 0) {
      const hint = 'No listed operation uses it; other clients might. Deprecate it first where you can.';
      return { level: 'warning', message: `${message}.`, hint, coordinate: path };
    }
    const names = [...new Set(hit.map(({ name }) => name))].join(', ');
    const hint = `Keep it, and deprecate it. It can go in a later revision than its last use in ${names}.`;
    return { level: 'error', message: `${message}. In use: ${names}.`, hint, coordinate: path, file: hit[0]?.file };
  });
}

const breaking = CriticalityLevel.Breaking;

/** What an operation must use to be hit; null where every operation is. */
function affectedBy(change: Change, after: GraphQLSchema): string[] | null {
  const { type, path, meta } = change;
  const field = `${meta.typeName}.${meta.fieldName}`;
  // What is required now breaks also those who leave it out.
  if (type === ChangeType.FieldArgumentAdded) return [field];
  if (type === ChangeType.InputFieldAdded) return [meta.inputName];
  // Its path is the type; those who name the interface expect the type behind it.
  if (type === ChangeType.ObjectTypeInterfaceRemoved) return [meta.removedInterfaceName];
  if (!path) return null;
  if (type === ChangeType.FieldArgumentTypeChanged) {
    const owner = after.getType(meta.typeName);
    const args = isObjectType(owner) || isInterfaceType(owner) ? owner.getFields()[meta.fieldName]?.args : [];
    const argument = args?.find(({ name }) => name === meta.argumentName);
    return argument && isRequiredArgument(argument) ? [path, field] : [path];
  }
  if (type === ChangeType.InputFieldTypeChanged) {
    const owner = after.getType(meta.inputName);
    const inputField = isInputObjectType(owner) ? owner.getFields()[meta.inputFieldName] : undefined;
    return inputField && isRequiredInputField(inputField) ? [path, meta.inputName] : [path];
  }
  return [path];
}

import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { operationOf } from './operation-of.ts';
import { exampleVariables, operations } from './operations.ts';

test('every file of schema/operations is a tab, the movie page first', () => {
  const files = globSync('**/*.graphql', { cwd: join(import.meta.dirname, '../../../schema/operations') }).map((path) =>
    basename(path),
  );
  expect(operations.map(({ name }) => `${name}.graphql`).toSorted()).toEqual(files.toSorted());
  expect(operations[0]?.name).toBe('movie-page');
});

test.each(operations)('$name has the name of its text, and variables that its text declares', (operation) => {
  const definition = parse(operation.query).definitions.find(({ kind }) => kind === 'OperationDefinition');
  if (definition?.kind !== 'OperationDefinition') throw new Error('a file without an operation');
  expect(operation.operationName).toBe(definition.name?.value);
  const declared = definition.variableDefinitions?.map(({ variable }) => variable.name.value) ?? [];
  expect(declared).toEqual(expect.arrayContaining(Object.keys(exampleVariables[operation.name] ?? {})));
});

test('variables of a file that is gone are gone too', () => {
  const names = operations.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(Object.keys(exampleVariables)));
});

test('the placeholders are explained where they stand', () => {
  expect(operations.find(({ name }) => name === 'record-watch')?.variables).toMatch(/^\/\/ \{\{uuid\}\} becomes/);
});

test('just after a change of tabs the former name still means the only operation there is', () => {
  expect(operationOf('mutation RecordWatch { a }', 'MoviePage')).toMatchObject({ operation: 'mutation' });
  expect(operationOf('query A { a } mutation B { b }', 'B')).toMatchObject({ operation: 'mutation' });
  expect(operationOf('query {', 'A')).toBeNull();
});

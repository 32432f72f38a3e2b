import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  buildSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  Kind,
  parse,
  validate,
} from 'graphql';
import { expect, test } from 'vitest';
import { root } from '../config.ts';
import { readTypeDefs } from '../gateway/subgraph.ts';
import { isSupergraphFresh, supergraphFile } from '../gateway/supergraph.ts';
import { rooms } from '../subgraphs/index.ts';

const supergraph = buildSchema(readFileSync(supergraphFile, 'utf8'), { assumeValid: true });
const types = Object.values(supergraph.getTypeMap()).filter(({ name }) => !name.includes('__'));

test('the committed supergraph is what the rooms compose to', () => {
  expect(isSupergraphFresh(rooms)).toBe(true);
});

test('every operation in schema/operations is valid', () => {
  const files = globSync(join(root, 'schema', 'operations', '*.graphql'));
  expect(files.map((file) => basename(file))).toContain('movie-page.graphql');
  for (const file of files) expect(validate(supergraph, parse(readFileSync(file, 'utf8'))), file).toEqual([]);
});

test('every operation that the README shows is valid', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const operations = [...readme.matchAll(/```graphql\n(?<text>.*?)```/gs)].map(({ groups }) => groups?.text ?? '');
  expect(operations).not.toEqual([]);
  for (const text of operations) expect(validate(supergraph, parse(text)), text).toEqual([]);
});

test('every type, field, argument and value has a description', () => {
  const silent: string[] = [];
  const roots = new Set(['Query', 'Mutation']);
  const check = (name: string, described: { description?: string | null }) => {
    if (!described.description) silent.push(name);
  };
  for (const type of types) {
    const isBuiltIn = ['String', 'Int', 'Float', 'Boolean', 'ID'].includes(type.name);
    if (!isBuiltIn && !roots.has(type.name)) check(type.name, type);
    if (isEnumType(type)) for (const value of type.getValues()) check(`${type.name}.${value.name}`, value);
    if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      check(`${type.name}.${field.name}`, field);
      if ('args' in field) for (const arg of field.args) check(`${type.name}.${field.name}(${arg.name})`, arg);
    }
  }
  expect(silent).toEqual([]);
});

test('what a room adds to an entity may be null, so that a dead store costs its own fields only', () => {
  const strict: string[] = [];
  for (const { name } of rooms) {
    for (const type of readTypeDefs(name).definitions) {
      if (type.kind !== Kind.OBJECT_TYPE_DEFINITION) continue;
      const isEntity = type.directives?.some((directive) => directive.name.value === 'key');
      const isRoot = ['Query', 'Mutation'].includes(type.name.value);
      for (const field of type.fields ?? []) {
        if (field.type.kind !== Kind.NON_NULL_TYPE || field.name.value === 'id') continue;
        if (isEntity || isRoot) strict.push(`${name}: ${type.name.value}.${field.name.value}`);
      }
    }
  }
  expect(strict).toEqual([]);
});

test('a reference to another room’s entity may be null: its owner may say that it is gone', () => {
  const owners: Record<string, string> = { Movie: 'postgres', User: 'postgres', Post: 'mongo' };
  const strict: string[] = [];
  for (const { name } of rooms) {
    for (const type of readTypeDefs(name).definitions) {
      if (type.kind !== Kind.OBJECT_TYPE_DEFINITION) continue;
      for (const field of type.fields ?? []) {
        if (field.type.kind !== Kind.NON_NULL_TYPE || field.type.type.kind !== Kind.NAMED_TYPE) continue;
        const owner = owners[field.type.type.name.value];
        if (owner && owner !== name) {
          strict.push(`${name}: ${type.name.value}.${field.name.value}`);
        }
      }
    }
  }
  expect(strict).toEqual([]);
});

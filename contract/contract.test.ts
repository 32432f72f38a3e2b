import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DefinitionNode, Kind, parse, validate } from 'graphql';
import { expect, test } from 'vitest';
import { root } from '../config.ts';
import { rooms } from '../subgraphs/index.ts';
import { apiSchemaOf, readSupergraph } from './api.ts';
import { type Base, findBase } from './base.ts';
import { supergraphPath } from './paths.ts';
import { type Project, readProject } from './project.ts';
import { runContract } from './run.ts';
import { roomsOf } from './testing.ts';

const project = readProject(rooms);
const supergraph = project.composed.get(supergraphPath) ?? '';
const base: Base = { label: 'here', supergraph, operations: project.operations, events: project.events.committed };

/** The titles of the checks that find errors in a changed project. */
async function failing(changes: Partial<Project>, from: Partial<Base> = {}): Promise<string[]> {
  const { checks } = await runContract({ ...project, ...changes }, { ...base, ...from });
  return checks.filter(({ findings }) => findings.some(({ level }) => level === 'error')).map(({ title }) => title);
}

test('the contract holds', async () => {
  const { checks } = await runContract(project, findBase(root));
  const errors = checks.flatMap(({ findings }) => findings).filter(({ level }) => level === 'error');
  expect(errors).toEqual([]);
});

test('every operation that the README shows is valid', () => {
  const schema = apiSchemaOf(readSupergraph(supergraph));
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const operations = [...readme.matchAll(/```graphql\n(?<text>.*?)```/gs)].map(({ groups }) => groups?.text ?? '');
  expect(operations).not.toEqual([]);
  for (const text of operations) expect(validate(schema, parse(text)), text).toEqual([]);
});

/** The subgraphs with some elements of Postgres' schema changed. */
const withPostgres = (change: (definition: DefinitionNode) => DefinitionNode): Partial<Project> => ({
  subgraphs: project.subgraphs.map((subgraph) => {
    if (subgraph.name !== 'postgres') return subgraph;
    const { typeDefs } = subgraph;
    return { ...subgraph, typeDefs: { ...typeDefs, definitions: typeDefs.definitions.map(change) } };
  }),
});

test.for<[title: string, changes: Partial<Project>, from?: Partial<Base>]>([
  ['the subgraphs compose, and the committed files are fresh', { composed: new Map() }],
  [
    'everything has a description',
    withPostgres((each) => (each.kind === Kind.OBJECT_TYPE_DEFINITION ? { ...each, description: undefined } : each)),
  ],
  [
    'a dead store costs its own fields only',
    withPostgres((each) => {
      if (each.kind !== Kind.OBJECT_TYPE_DEFINITION || each.name.value !== 'Movie') return each;
      const fields = each.fields?.map((field) =>
        field.name.value === 'title' && field.type.kind === Kind.NAMED_TYPE
          ? { ...field, type: { kind: Kind.NON_NULL_TYPE, type: field.type } as const }
          : field,
      );
      return { ...each, fields };
    }),
  ],
  [
    'what has an owner is guarded',
    withPostgres((each) => {
      if (each.kind !== Kind.OBJECT_TYPE_DEFINITION || each.name.value !== 'Mutation') return each;
      return { ...each, fields: each.fields?.map((field) => ({ ...field, directives: [] })) };
    }),
  ],
  [
    'event types only gain optional fields',
    {},
    { events: { ...project.events.now, types: { 'movie.seen': { topic: 'seen', data: {} } } } },
  ],
  ['every operation is valid', { operations: [...project.operations, { file: 'a.graphql', text: 'query A { a }' }] }],
  ['no operation costs more than it did', { plans: new Map() }],
  [
    'no operation breaks',
    {},
    {
      supergraph: supergraph.replace(
        '  title: String @join__field(graph: POSTGRES)',
        '$&\n  heading: String @join__field(graph: POSTGRES)',
      ),
      operations: [{ file: 'schema/operations/old.graphql', text: 'query Old { movie(id: 1) { heading } }' }],
    },
  ],
])('“%s” fails alone when it should', async ([title, changes, from]) => {
  expect(await failing(changes, from)).toEqual([title]);
});

test('rooms that do not compose are told, with what can be told of them alone', async () => {
  const conflicting = roomsOf({ mongo: 'type Query { a: Int }', redis: 'type Query { a: String }' });
  const { checks } = await runContract({ ...project, rooms: conflicting }, { none: 'a test' });
  expect(checks[0]?.findings[0]?.message).toContain('The subgraphs do not compose');
  expect(checks.map(({ title }) => title)).not.toContain('every operation is valid');
});

import { parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { codedError } from './errors.ts';
import type { Room } from './room.ts';
import { createStandIn } from './stand-in.ts';

const library: Room = {
  name: 'library',
  resolvers: {},
  typeDefs: parse(`
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@inaccessible"])
    scalar DateTime
    scalar Anything
    type Query { books: [Book!]  best: Book  finds: [Find]  thing: Thing }
    type Book implements Thing @key(fields: "id") {
      id: ID!  title: String  pages: Int  weight: Float  isOld: Boolean  kind: Kind  printedAt: DateTime  notes: [Note!]
      signal: Int @inaccessible  any: Anything
    }
    type Note { text: String!  by: Reader }
    type Reader @key(fields: "id") { id: ID!  name: String }
    interface Thing { title: String }
    union Find = Book | Reader
    enum Kind { NOVEL POEM }
  `),
};
const answer = createStandIn(library);
const reason = codedError('STORE_UNAVAILABLE', 'not there', { store: 'library' });
const fill = async (query: string, data?: unknown, variables: Record<string, unknown> = {}) => {
  const { data: filled, errors } = await answer({ query, variables }, { data, reason });
  for (const { extensions } of errors ?? []) expect(extensions).toMatchObject({ code: 'STORE_UNAVAILABLE' });
  return { data: JSON.parse(JSON.stringify(filled)), paths: errors?.map(({ path }) => path?.join('.')) ?? [] };
};

test('what is right is answered as it came, through aliases, fragments, directives, unions and interfaces', async () => {
  const query = `query ($no: Boolean!) {
    first: best { ...B no: title @include(if: $no) } thing { __typename title }
    finds { __typename ... on Book { title } ... on Reader { name } } best { name: title any }
  } fragment B on Book { id pages weight isOld kind printedAt notes { text by { id name } } }`;
  const data = {
    first: {
      ...{ id: 'b1', pages: 3, weight: 1.5, isOld: false, kind: 'POEM', printedAt: '2026-01-02T03:04:05.000Z' },
      notes: [{ text: 'good', by: { id: 'r1', name: null } }],
    },
    thing: { __typename: 'Book', title: 'T' },
    finds: [{ __typename: 'Reader', name: 'R' }, null, { __typename: 'Book', title: 'B' }],
    best: { name: 'T', any: { at: ['all'] } },
  };
  expect(await fill(query, data, { no: false })).toEqual({ data, paths: [] });
});

describe('what is missing or of a wrong kind is null alone, with a coded error at its path', () => {
  test.for([
    ['a list for an object', '{ best { title } }', { best: [{ title: 'T' }] }, { best: null }, ['best']],
    ['an object for a list', '{ books { title } }', { books: { title: 'T' } }, { books: null }, ['books']],
    ['a text for an object', '{ best { title } }', { best: 'T' }, { best: null }, ['best']],
    [
      'a number for a text',
      '{ best { id title } }',
      { best: { id: 'b', title: 5 } },
      { best: { id: 'b', title: null } },
      ['best.title'],
    ],
    ['a text for a number', '{ best { pages } }', { best: { pages: '5' } }, { best: { pages: null } }, ['best.pages']],
    [
      'a fraction for an Int',
      '{ best { pages } }',
      { best: { pages: 1.5 } },
      { best: { pages: null } },
      ['best.pages'],
    ],
    ['2³¹ for an Int', '{ best { pages } }', { best: { pages: 2 ** 31 } }, { best: { pages: null } }, ['best.pages']],
    [
      'a text for a Float',
      '{ best { weight } }',
      { best: { weight: '5' } },
      { best: { weight: null } },
      ['best.weight'],
    ],
    ['1 for true', '{ best { isOld } }', { best: { isOld: 1 } }, { best: { isOld: null } }, ['best.isOld']],
    ['no value of an enum', '{ best { kind } }', { best: { kind: 'PLAY' } }, { best: { kind: null } }, ['best.kind']],
    [
      'no time',
      '{ best { printedAt } }',
      { best: { printedAt: 'now' } },
      { best: { printedAt: null } },
      ['best.printedAt'],
    ],
    [
      'a field that is not there',
      '{ best { title pages } }',
      { best: { pages: 1 } },
      { best: { title: null, pages: 1 } },
      ['best.title'],
    ],
    [
      'a field under its name instead of its alias',
      '{ it: best { title } }',
      { best: { title: 'T' } },
      { it: null },
      ['it'],
    ],
    [
      'a member that the union does not have',
      '{ finds { __typename } }',
      { finds: [{ __typename: 'Note' }] },
      { finds: [null] },
      ['finds.0'],
    ],
    [
      'no type where it must be told',
      '{ finds { ... on Book { title } } }',
      { finds: [{ title: 'T' }] },
      { finds: [null] },
      ['finds.0'],
    ],
    [
      'null where it may not be',
      '{ best { notes { text } } }',
      { best: { notes: [{ text: null }] } },
      { best: { notes: null } },
      ['best.notes.0.text'],
    ],
    [
      'one item of a list',
      '{ finds { __typename } }',
      { finds: ['x', { __typename: 'Book' }] },
      { finds: [null, { __typename: 'Book' }] },
      ['finds.0'],
    ],
    ['no data', '{ best { title } books { id } }', undefined, { best: null, books: null }, ['best', 'books']],
    ['a list for the data', '{ best { title } }', [], { best: null }, ['best']],
  ] as const)('%s', async ([, query, given, data, paths]) => {
    expect(await fill(query, given)).toEqual({ data, paths });
  });
});

test('fields that nobody asked for are dropped', async () => {
  const data = { best: { title: 'T', password: 'p' }, secrets: [1] };
  expect(await fill('{ best { title } }', data)).toEqual({ data: { best: { title: 'T' } }, paths: [] });
});

describe('entities', () => {
  const query = `query ($representations: [_Any!]!) { _entities(representations: $representations) {
    ... on Book { id title signal } ... on Reader { name } } }`;
  const representations = [
    { __typename: 'Book', id: 'b1' },
    { __typename: 'Reader', id: 'r1' },
  ];
  const entities = async (given: unknown) => {
    const { data, paths } = await fill(query, given, { representations });
    return [data._entities, paths];
  };
  const nothing = [
    [{ id: 'b1', title: null, signal: null }, { name: null }],
    ['_entities.0.title', '_entities.1.name'],
  ];

  test('are of the types that were asked for', async () => {
    const given = [{ id: 'b1', title: 'T', signal: 2 }, { name: 'R' }];
    expect(await entities({ _entities: given })).toEqual([given, []]);
    expect(await entities({ _entities: [null, { name: 'R' }] })).toEqual([[null, { name: 'R' }], []]);
  });

  test.for([
    ['missing', {}],
    ['too few', { _entities: [{ id: 'b1', title: 'T' }] }],
    ['too many', { _entities: Array(3).fill({ title: 'T' }) }],
    ['no list', { _entities: { title: 'T' } }],
    ['texts', { _entities: ['b1', 'r1'] }],
    ['of another type', { _entities: [{ __typename: 'Reader' }, { __typename: 'Book', name: 'R' }] }],
  ] as const)('that are %s keep their keys; signals that nobody asked for are null in silence', async ([, given]) => {
    expect(await entities(given)).toEqual(nothing);
  });
});

import { buildSchema } from 'graphql';
import { expect, test } from 'vitest';
import { checkBreakingChanges } from './breaking.ts';
import { operationOf } from './testing.ts';

const sdl = `
  type Query { movie(id: ID!, lang: Lang): Movie search(filter: Filter!): [Movie!] node: Node series: Series }
  interface Node { id: ID! }
  type Series implements Node { id: ID! seasons: Int }
  type Movie { id: ID! title: String rating: Int kind: Kind similar(first: Int): [Movie!] }
  type Mutation { rate(input: RateInput!): Movie }
  enum Kind { FILM SERIES }
  enum Lang { EN DE }
  input Filter { text: String year: Int }
  input RateInput { movieId: ID! stars: Int }
`;

/** What a change of the schema does to an operation: `error` with the operation's name, or `warning`. */
async function changing(from: string, to: string, operation: string) {
  expect(sdl).toContain(from);
  const [before, after] = [sdl, sdl.replace(from, to)].map((text) => buildSchema(text));
  if (!before || !after) throw new Error('never');
  const findings = await checkBreakingChanges({ before, after, operations: [operationOf(operation)] });
  return findings.map(({ level, message }) => `${level}: ${message}`);
}

const titles = 'query Page { movie(id: 1) { title } }';
const similar = 'query Page { movie(id: 1) { similar { id } } }';
const rate = 'mutation Page($input: RateInput!) { rate(input: $input) { id } }';

test('a field that goes: an error where an operation asks for it, with its name and file; else a warning', async () => {
  expect(await changing('title: String', '', titles)).toEqual([
    "error: Field 'title' was removed from object type 'Movie'. In use: Page.",
  ]);
  expect(await changing('rating: Int', '', titles)).toEqual([
    "warning: Field 'rating' was removed from object type 'Movie'.",
  ]);
  const [before, after] = [sdl, sdl.replace('title: String', '')].map((text) => buildSchema(text));
  if (!before || !after) throw new Error('never');
  const [finding] = await checkBreakingChanges({ before, after, operations: [operationOf(titles)] });
  expect(finding).toMatchObject({ coordinate: 'Movie.title', file: 'schema/operations/Page.graphql' });
});

const levelsOf = async (...change: Parameters<typeof changing>) =>
  (await changing(...change)).map((text) => text.split(':')[0]);

const withoutNode = ['Series implements Node', 'Series'] as const;
const rows: [what: string, from: string, to: string, operation: string, level: string][] = [
  ['a field of another type', 'title: String', 'title: Int', titles, 'error'],
  [
    'an argument that goes and is given',
    'similar(first: Int)',
    'similar',
    similar.replace('lar {', 'lar(first: 1) {'),
    'error',
  ],
  ['an argument that goes and is not given', 'similar(first: Int)', 'similar', similar, 'warning'],
  ['an argument that is required now', 'similar(first: Int)', 'similar(first: Int!)', similar, 'error'],
  ['an argument that is required now, with a default', '(first: Int)', '(first: Int! = 5)', similar, 'warning'],
  ['a new required argument', 'similar(first: Int)', 'similar(first: Int, by: Int!)', similar, 'error'],
  [
    'a new required argument of a field that is not asked for',
    '(first: Int)',
    '(first: Int, by: Int!)',
    titles,
    'warning',
  ],
  ['an input field that goes, of a variable', 'stars: Int', '', rate, 'error'],
  ['an input field that goes, of another input', 'year: Int', '', rate, 'warning'],
  ['an input field that is required now', 'stars: Int', 'stars: Int!', rate, 'error'],
  [
    'an input field that is required now, left out of a literal',
    'year: Int',
    'year: Int!',
    'query Page { search(filter: { text: "a" }) { id } }',
    'error',
  ],
  [
    'an input field of another type, left out of a literal',
    'year: Int',
    'year: String',
    'query Page { search(filter: { text: "a" }) { id } }',
    'warning',
  ],
  ['a new required input field', 'stars: Int', 'stars: Int mood: Int!', rate, 'error'],
  ['an interface that goes from a type', ...withoutNode, 'query Page { node { id } }', 'error'],
  [
    'an interface that goes from a type, met as a fragment',
    ...withoutNode,
    'query Page { node { ... on Series { seasons } } }',
    'error',
  ],
  [
    'an interface that goes from a type that is asked for by itself',
    ...withoutNode,
    'query Page { series { id } }',
    'warning',
  ],
  ['an enum value that goes and is sent', 'EN DE', 'EN', 'query Page { movie(id: 1, lang: DE) { id } }', 'error'],
  ['an enum value that goes and is not sent', 'EN DE', 'EN', 'query Page { movie(id: 1, lang: EN) { id } }', 'warning'],
  [
    'an enum value that goes and may be answered',
    'FILM SERIES',
    'FILM',
    'query Page { movie(id: 1) { kind } }',
    'error',
  ],
];

test.for(rows)('%s', async ([_, from, to, operation, level]) => {
  expect(await levelsOf(from, to, operation)).toEqual([level]);
});

test('what only grows is not told', async () => {
  expect(await changing('title: String', 'title: String year: Int', titles)).toEqual([]);
  expect(await changing('title: String', 'title: String!', titles)).toEqual([]);
});

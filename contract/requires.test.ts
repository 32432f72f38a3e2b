import { expect, test } from 'vitest';
import { checkRequires } from './requires.ts';
import { subgraphsOf } from './testing.ts';

const ranking = `
  type Search @key(fields: "text") {
    text: String!
    hits: [Hit!] @external
    ranked: [ID!]
      @requires(fields: "hits { score item { __typename ... on Movie { id views } ... on Post { id } } }")
  }
  type Hit @shareable { score: Float item: Item }
  union Item = Movie | Post
  type Movie @key(fields: "id") { id: ID! views: Int @external }
  type Post @key(fields: "id") { id: ID! }`;

function changing(from: string, to: string): string[] {
  expect(ranking).toContain(from);
  return checkRequires(subgraphsOf({ ranking: ranking.replace(from, to) })).map(
    ({ level, message }) => `${level}: ${message}`,
  );
}

test('nullable fields and keys may be required', () => {
  expect(checkRequires(subgraphsOf({ ranking }))).toEqual([]);
});

test.for([
  ['hits: [Hit!]', 'Search.hits'],
  ['score: Float', 'Hit.score'],
  ['item: Item', 'Hit.item'],
  ['views: Int', 'Movie.views'],
])('a `!` behind %s is told', ([field = '', coordinate]) => {
  expect(changing(field, `${field}!`)).toEqual([
    `error: @requires of Search.ranked asks for ${coordinate}, which may not be null.`,
  ]);
});

test('a type that may be several is asked with __typename', () => {
  expect(changing('__typename', '')).toEqual([
    'error: @requires of Search.ranked asks for Item, which is of several types, without __typename.',
  ]);
});

test('the finding has its place', () => {
  expect(checkRequires(subgraphsOf({ ranking: ranking.replace('score: Float', 'score: Float!') }))).toMatchObject([
    { coordinate: 'Search.ranked', file: 'ranking.graphql', line: 7 },
  ]);
});

import { buildSchema, parse } from 'graphql';
import { expect, test } from 'vitest';
import { usedCoordinates } from './usage.ts';

const schema = buildSchema(`
  type Query { movie(id: ID!, lang: Lang): Movie search(filter: Filter): [Item!] }
  union Item = Movie | Post
  interface Titled { title: String }
  type Movie implements Titled { id: ID! title: String kind: Kind similar(first: Int): [Movie!] related: Titled }
  type Post implements Titled { id: ID! title: String }
  enum Kind { FILM SERIES }
  enum Lang { EN DE }
  input Filter { text: String years: Years langs: [Lang!] }
  input Years { from: Int to: Int }
`);
const used = (text: string) => [...usedCoordinates(schema, parse(text))].sort();

test('fields with their types, and arguments that are given', () => {
  expect(used('query Q { movie(id: 1) { __typename title similar(first: 2) { id } } }')).toEqual(
    [
      ...['Query', 'Query.movie', 'Query.movie.id', 'ID', 'Movie', 'Movie.title', 'String'],
      ...['Movie.similar', 'Movie.similar.first', 'Movie.id'],
    ].sort(),
  );
});

test('a literal uses the values and input fields that it has, and no other', () => {
  const all = used('query Q { search(filter: { years: { from: 1 }, langs: [DE] }) { __typename } }');
  expect(all).toEqual(
    expect.arrayContaining(['Filter', 'Filter.years', 'Years', 'Years.from', 'Filter.langs', 'Lang.DE']),
  );
  for (const other of ['Filter.text', 'Years.to', 'Lang.EN']) expect(all).not.toContain(other);
});

test('a variable uses all that its type allows', () => {
  const all = used('query Q($filter: Filter) { search(filter: $filter) { __typename } }');
  expect(all).toEqual(expect.arrayContaining(['Filter.text', 'Years.from', 'Years.to', 'Lang.EN', 'Lang.DE']));
});

test('a default value of a variable is looked into', () => {
  expect(used('query Q($lang: Lang = EN) { movie(id: 1, lang: $lang) { id } }')).toContain('Lang.EN');
});

test('an enum that is selected is used whole', () => {
  expect(used('query Q { movie(id: 1) { kind } }')).toEqual(expect.arrayContaining(['Kind.FILM', 'Kind.SERIES']));
});

test('what is asked of an interface is asked of each type that may answer', () => {
  expect(used('query Q { movie(id: 1) { related { title } } }')).toEqual(
    expect.arrayContaining(['Titled.title', 'Movie.title', 'Post.title']),
  );
});

test('fragments and their type conditions, directives and their arguments', () => {
  const all = used('query Q { search { ... on Post { title } ...F @include(if: true) } } fragment F on Movie { id }');
  expect(all).toEqual(expect.arrayContaining(['Item', 'Post', 'Post.title', 'Movie.id', '@include', '@include.if']));
});
